"""Executes runs as a member of an executor's consumer group, at least once.

    python worker.py BOOTSTRAP NAMESPACE EXECUTOR

One run at a time; start it several times for more. Ends when it is asked to (SIGTERM, Ctrl-C), after the run in hand.
"""

import json
import os
import secrets
import signal
import socket
import sys
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

PROCESS = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(16)}"
REMEMBERED = 10_000
TEXTS = ("horolog-run-id", "horolog-task", "horolog-delivery")
NUMBERS = ("horolog-attempt", "horolog-partition", "horolog-epoch")


def greet(payload):
    return {"greeted": payload["name"], "by": "python"}


def divide(payload):
    return payload["dividend"] / payload["divisor"]


TASKS = {"greet": greet, "divide": divide}


def now():
    return datetime.now(timezone.utc)


def text(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Worker:
    def __init__(self, bootstrap, namespace, executor):
        self.reports = f"{namespace}.reports"
        self.topic = f"{namespace}.runs.{executor}"
        self.producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
        settings = {"bootstrap.servers": bootstrap, "group.id": f"{namespace}.{executor}"}
        self.consumer = Consumer(settings | {"enable.auto.commit": False, "auto.offset.reset": "earliest"})
        self.done = {}  # (run id, attempt) of what was executed, the oldest first
        self.epochs = {}  # by runs partition: by home partition, the highest epoch read
        self.stopping = False

    def run(self):
        self.consumer.subscribe([self.topic], on_assign=self.assigned)
        while not self.stopping:
            record = self.consumer.poll(0.5)
            if record is None or record.error():
                continue
            self.take(record)
            # Behind the acknowledged report: what is committed is never run again.
            self.commit(TopicPartition(self.topic, record.partition(), record.offset() + 1))
        self.consumer.close()

    def commit(self, place):
        try:
            self.consumer.commit(offsets=[place], asynchronous=False)
        except KafkaException as error:
            # The group changes: whoever has the partition next may run this once more.
            print(f"{place.partition}/{place.offset} could not be committed: {error}", file=sys.stderr)

    def assigned(self, consumer, partitions):
        for one in partitions:
            self.epochs[one.partition] = {}

    def take(self, record):
        ours = [(name, value) for name, value in record.headers() or [] if name.startswith("horolog-")]
        run = {name: (value or b"").decode(errors="replace") for name, value in ours}
        if not all(run.get(name) for name in TEXTS) or not all(run.get(name, "").isdecimal() for name in NUMBERS):
            return print(f"{record.partition()}/{record.offset()} is no run", file=sys.stderr)
        attempt = (run["horolog-run-id"], run["horolog-attempt"])
        if attempt in self.done or self.is_overtaken(record.partition(), run):
            return
        begun = now()
        self.report(record, run, {"startedAt": text(begun), **self.execute(run, record.value())})
        self.done[attempt] = True
        if len(self.done) > REMEMBERED:
            del self.done[next(iter(self.done))]

    def is_overtaken(self, partition, run):
        """A paused owner may send late what a later one has decided again."""
        seen, home, epoch = self.epochs.setdefault(partition, {}), run["horolog-partition"], int(run["horolog-epoch"])
        seen[home] = max(seen.get(home, 0), epoch)
        return epoch < seen[home]

    def execute(self, run, payload):
        start_before = run.get("horolog-start-before")
        task = TASKS.get(run["horolog-task"])
        if run["horolog-delivery"] == "at-most-once" or "horolog-heartbeat-ms" in run:
            message = "this worker asks for no grants and sends no heartbeats"
            return {"type": "failed", "error": {"name": "Unsupported", "message": message, "retryable": False}}
        if start_before and now() > datetime.fromisoformat(start_before.replace("Z", "+00:00")):
            return {"type": "missed"}
        if task is None:
            return {"type": "unknown-task"}
        try:
            return {"type": "succeeded", "result": task(json.loads(payload or "null"))}
        except Exception as error:
            return {"type": "failed", "error": {"name": type(error).__name__, "message": str(error)}}

    def report(self, record, run, outcome):
        report = {"runId": run["horolog-run-id"], "attempt": int(run["horolog-attempt"]), "at": text(now())}
        report |= {"executor": PROCESS, "token": run.get("horolog-token"), **outcome}
        # Its partition is said by the run; it waits until the broker has it.
        home = int(run["horolog-partition"])
        self.producer.produce(self.reports, json.dumps(report), key=record.key(), partition=home, on_delivery=delivered)
        self.producer.flush()


def delivered(error, record):
    if error is not None:
        raise RuntimeError(f"a report could not be sent: {error}")


if __name__ == "__main__":
    worker = Worker(*sys.argv[1:4])
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: setattr(worker, "stopping", True))
    print(f"{PROCESS} executes {', '.join(TASKS)}", flush=True)
    worker.run()
