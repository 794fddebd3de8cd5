"""Ids that follow from what a record is, so that reading the same file twice meets the same records.

An action that gets an own `id` it has seen with the same content answers with the record it made then. An id that is
derived from the clinic, the data set and the row's natural key therefore makes an import safe to run again, from any
machine, after any interruption.
"""

import hashlib
from typing import Final
from uuid import UUID

# UUIDv7 leads with milliseconds since 1970. All derived ids carry this one moment, 2000-01-01T00:00:00Z, which
# nobody mistakes for the time of a recording; what tells them apart is in the other 74 bits.
_MILLISECONDS: Final = 946_684_800_000
_VERSION: Final = 0x7
_VARIANT: Final = 0b10


def natural_id(clinic_id: UUID, data_set: str, key: str) -> UUID:
    """The UUIDv7 of one row of one data set in one clinic.

    Args:
        clinic_id: The clinic that reads it; two clinics get two records.
        data_set: Name and version of the data set, such as its DOI.
        key: What the row is, unique within the data set, such as `score/sub-MOA101/ses-d2/MADRS_Total`.
    """
    digest = hashlib.sha256("\n".join((str(clinic_id), data_set, key)).encode()).digest()
    random = int.from_bytes(digest, "big")
    random_a = random & 0xFFF
    random_b = (random >> 12) & ((1 << 62) - 1)
    return UUID(int=_MILLISECONDS << 80 | _VERSION << 76 | random_a << 64 | _VARIANT << 62 | random_b)
