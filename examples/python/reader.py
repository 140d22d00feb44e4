"""The reader's rule: which records of one partition of <namespace>.events count. Hand it all of them, from offset 0."""
import hashlib

from wire import decode


class Reader:
    def __init__(self):
        self.epoch, self.owner, self.seq, self.chain, self.kept = 0, None, 0, bytes(32), {}

    def take(self, value):
        """The events that this record makes accepted, in order, each as (type, members)."""
        kind, event = decode(value)
        if event is None or (kind == "OwnerAnnounced" and event["epoch"] <= self.epoch):
            return []  # foreign, or not the first announcement of its epoch
        if kind == "OwnerAnnounced":
            if event["format"] != 1:
                raise ValueError("a format that this reader does not know")
            self.epoch, self.owner, self.seq, self.kept = event["epoch"], event["owner"], 0, {}
            return self.accept([(kind, event, value)])
        is_next = (event["epoch"], event["seq"]) == (self.epoch, self.seq + 1)
        if kind is None and (is_next or (event["seq"] == 0 and event["epoch"] > self.epoch)):
            raise ValueError("an event of a type that this reader does not know")
        if not is_next:
            return []  # of another owner, or a copy
        self.kept[event["index"]] = (kind, event, value)
        if kind != "BatchCommitted":
            return []  # nothing counts before its trailer
        batch, self.kept = [one for _, one in sorted(self.kept.items())], {}
        if event["owner"] != self.owner or [one[1]["index"] for one in batch] != list(range(event["count"] + 1)):
            return []  # of a rival, or not all there
        if event["prev"] != self.chain:
            raise ValueError("a batch that was decided on another history: has the log lost records?")
        self.seq += 1
        return self.accept(batch)

    def accept(self, batch):
        self.chain = hashlib.sha256(self.chain + b"".join(len(v).to_bytes(4, "big") + v for _, _, v in batch)).digest()
        return [(kind, event) for kind, event, _ in batch]
