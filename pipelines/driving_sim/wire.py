"""Message classes of protocol buffers, made at run time from field numbers.

Only the fields that are read are declared; what else a message holds is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, tuple[int, str]]
"""Number and type of every field by name: ``double``, ``float``, ``int32``, ``int64``, ``bool``,
``string``, ``bytes`` or the name of a message; ``*`` before it where the field repeats."""


def classes(package: str, messages: Mapping[str, Fields]) -> dict[str, Any]:
    """A class of every message by its name, in a pool of their own."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    file.syntax = "proto2"
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            plain = kind.lstrip("*")
            made = message.field.add(name=field, number=number)
            made.label = kinds.LABEL_REPEATED if kind != plain else kinds.LABEL_OPTIONAL
            if plain in messages:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".{package}.{plain}"
            else:
                made.type = getattr(kinds, f"TYPE_{plain.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in messages
    }


def numbers(data: bytes) -> Iterator[int]:
    """Numbers of the fields at the top of a message, in their order.

    Raises:
        ValueError: these bytes are no message.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            length, at = _varint(data, at)
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at > len(data) or not tag >> 3:
            raise ValueError("the message ends within a field")
        yield tag >> 3


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number without an end")
