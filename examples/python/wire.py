"""Records of `schemas/` in Avro single-object encoding: C3 01, fingerprint of the schema, body (docs/protocol.md §2)."""

import io
import json
import pathlib

import fastavro
from fastavro.repository.base import AbstractSchemaRepository
from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas"
NAMESPACE = "io.horolog.v1."


class Files(AbstractSchemaRepository):
    """One file per record; they refer to each other by full name."""

    def load(self, name):
        return json.loads((FOLDER / f"{name.removeprefix(NAMESPACE)}.avsc").read_text())


SCHEMAS = {path.stem: load_schema(NAMESPACE + path.stem, repo=Files()) for path in FOLDER.glob("*.avsc")}


def header(schema):
    return b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


HEADERS = {name: header(schema) for name, schema in SCHEMAS.items()}
NAMES = {bytes_: name for name, bytes_ in HEADERS.items()}


def encode(name, record):
    """Members that are left out are null."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, SCHEMAS[name], record)
    return HEADERS[name] + body.getvalue()


def decode(value):
    """Name and members; (None, None) when it is none of our records."""
    name = NAMES.get(value[:10])
    if name is None:
        return None, None
    return name, fastavro.schemaless_reader(io.BytesIO(value[10:]), SCHEMAS[name])
