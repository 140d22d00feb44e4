"""Follows the events of a namespace and prints each accepted one as a line of JSON.

    python follow.py BOOTSTRAP NAMESPACE
"""

import datetime
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from reader import Reader


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.hex()


def follow(bootstrap, namespace):
    """Yields (partition, offset of the record that made it count, type, members)."""
    topic = f"{namespace}.events"
    # Assigned, not subscribed: every follower reads all partitions, each from its beginning.
    settings = {"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False}
    consumer = Consumer(settings)
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    readers = {partition: Reader() for partition in partitions}
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    try:
        while True:
            record = consumer.poll(1)
            if record is None or record.error():
                continue
            for kind, event in readers[record.partition()].take(record.value()):
                yield record.partition(), record.offset(), kind, event
    finally:
        consumer.close()


if __name__ == "__main__":
    for partition, offset, kind, event in follow(*sys.argv[1:3]):
        print(json.dumps({"type": kind, "partition": partition, "readAt": offset, **event}, default=plain), flush=True)
