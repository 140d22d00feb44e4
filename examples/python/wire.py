"""Records of schemas/ in Avro single-object encoding: C3 01, fingerprint of the schema, body (docs/protocol.md, Encodings)."""

import io
import json
import pathlib

import fastavro
from fastavro.repository.base import AbstractSchemaRepository
from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas"
NAMESPACE = "io.horolog.v1."
STAMP = {"type": "record", "name": "Stamp", "fields": [{"name": name, "type": "long"} for name in ("epoch", "seq", "index")]}


class Files(AbstractSchemaRepository):
    """One file per record; they refer to each other by full name."""

    def load(self, name):
        return json.loads((FOLDER / f"{name.removeprefix(NAMESPACE)}.avsc").read_text())


def header(schema):
    return b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


SCHEMAS = {path.stem: load_schema(NAMESPACE + path.stem, repo=Files()) for path in FOLDER.glob("*.avsc")}
HEADERS = {name: header(schema) for name, schema in SCHEMAS.items()}
NAMES = {bytes_: name for name, bytes_ in HEADERS.items()}


def encode(name, members):
    """Members that are left out are null."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, SCHEMAS[name], members)
    return HEADERS[name] + body.getvalue()


def decode(value):
    """Name and members. Of a type that is not in schemas/ no name, and its place; of what is not ours, (None, None)."""
    if value is None or value[:2] != b"\xc3\x01":
        return None, None
    name, body = NAMES.get(value[:10]), io.BytesIO(value[10:])
    try:
        members = fastavro.schemaless_reader(body, SCHEMAS[name] if name else STAMP)
    except (EOFError, ValueError, OverflowError, MemoryError):
        return None, None
    return (None, None) if name and body.read(1) else (name, members)
