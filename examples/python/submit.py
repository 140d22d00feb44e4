"""Adds a job, and says what became of the command.

    python submit.py BOOTSTRAP NAMESPACE headers|json|avro JOB_ID TASK PAYLOAD [SCHEDULE]

PAYLOAD is JSON; SCHEDULE is crontab text, default: once, now. Ends with 0 when the job was added, 1 when it was rejected.
"""

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

from wire import encode

REPLY_SECONDS = 30


def by_headers(task, payload, schedule):
    headers = {"horolog-task": task, "content-type": "application/json"}
    if schedule:
        headers["horolog-schedule"] = schedule
    return headers, payload.encode()


def as_json(task, payload, schedule):
    job = {"task": task, "payload": json.loads(payload), "trigger": trigger(schedule)}
    return {}, json.dumps({"type": "AddJob", "job": job}).encode()


def as_avro(task, payload, schedule):
    job = {"task": task, "payload": payload.encode(), "trigger": schedule and json.dumps(trigger(schedule))}
    return {}, encode("AddJob", {"job": job})


def trigger(schedule):
    return {"type": "crontab", "expression": schedule, "zone": "UTC"} if schedule else None


FORMS = {"headers": by_headers, "json": as_json, "avro": as_avro}


def replies(bootstrap, topic):
    """A consumer that stands at the end of the topic: what is answered from now on, it sees."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, one), timeout=10)[1] for one in partitions]
    consumer.assign([TopicPartition(topic, one, end) for one, end in zip(partitions, ends)])
    return consumer


def reply_to(consumer, command_id):
    deadline = time.monotonic() + REPLY_SECONDS
    while time.monotonic() < deadline:
        record = consumer.poll(1)
        if record is not None and not record.error() and record.key() == command_id.encode():
            return json.loads(record.value())
    raise TimeoutError(f"no answer to {command_id} within {REPLY_SECONDS} s")


def main(bootstrap, namespace, form, job_id, task, payload, schedule=None):
    command_id = str(uuid.uuid4())
    headers, value = FORMS[form](task, payload, schedule)
    # A command id of our own makes it safe to send the same again; the answer is asked for on the usual topic.
    headers |= {"horolog-command-id": command_id, "horolog-reply-to": f"{namespace}.replies"}
    consumer = replies(bootstrap, f"{namespace}.replies")
    # Horolog finds a job by Java's partitioner; this client's own default is another one.
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "acks": "all"})
    producer.produce(f"{namespace}.commands", key=job_id, value=value, headers=headers)
    producer.flush()
    reply = reply_to(consumer, command_id)
    consumer.close()
    print(json.dumps(reply))
    return 1 if reply["outcome"] == "rejected" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
