"""Flash at the end of the first region that no image uses: the store, and slots for models."""

from dataclasses import dataclass

from targets.errors import TargetError

STORE_UNIT_BYTES = 16  # SAFE_STORE_UNIT_BYTES
RAM_UNIT_BYTES = 16  # SAFE_ARENA_ALIGNMENT
STACK_UNIT_BYTES = 8


@dataclass(frozen=True)
class Store:
    """[store]: two slots at the end of the first flash region, for what the device learned.

    A slot is one page or sector that is erased at once. `safe/store.h` says what lies there.
    """

    slot_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes of both slots, which no image may use."""
        return 2 * self.slot_bytes


@dataclass(frozen=True)
class Update:
    """[update]: two slots for models that are replaced over the line, before the store.

    A slot is whole pages or sectors. `safe/update.h` says what lies there. An image has the slots
    only where it is built with a public key; else it may use their flash.
    """

    slot_bytes: int
    ram_bytes: int
    """Number of bytes of RAM that every model runs in: a model that needs more is refused."""
    stack_bytes: int
    """Number of bytes of stack that the calls of a model may take."""
    image_stack_bytes: int = 0
    """Size of the stack of an image with updates, which checks signatures; 0: that of [stack]."""

    @property
    def size_bytes(self) -> int:
        """Bytes of both slots."""
        return 2 * self.slot_bytes


def no_slots(target: str, reason: str, update: Update | None) -> str:
    """Return why a target takes no models over the line; `reason` is that of its description."""
    why = reason or "no [update] in its description"
    if update is not None:
        why = "[update] leaves no flash to an image"
    return f"target {target} has no two slots for models: {why}"


def check(
    store: Store | None, update: Update | None, flash: str, flash_bytes: int, where: str
) -> None:
    """Raise TargetError, with `where` before the key, on what cannot be in region `flash`."""
    kept = 0
    if store is not None:
        _check_slot(store.slot_bytes, f"{where}.store")
        kept += store.size_bytes
    if update is not None:
        _check_slot(update.slot_bytes, f"{where}.update")
        if update.ram_bytes <= 0 or update.ram_bytes % RAM_UNIT_BYTES:
            raise TargetError(f"{where}.update.ram_bytes: is no multiple of {RAM_UNIT_BYTES}")
        if update.stack_bytes <= 0:
            raise TargetError(f"{where}.update.stack_bytes: must be positive")
        if update.image_stack_bytes < 0 or update.image_stack_bytes % STACK_UNIT_BYTES:
            raise TargetError(
                f"{where}.update.image_stack_bytes: is no multiple of {STACK_UNIT_BYTES}"
            )
    if kept >= flash_bytes:
        raise TargetError(f"{where}.store: two slots leave nothing of {flash} for an image")


def _check_slot(size: int, where: str) -> None:
    if size <= 0 or size % STORE_UNIT_BYTES:
        raise TargetError(f"{where}.slot_bytes: is no multiple of {STORE_UNIT_BYTES}")
