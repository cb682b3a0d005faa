"""What runs after every cut of the power during updates on simulated flash."""

import pytest

from tests.unit.sdk.flash import TEARS
from tests.unit.sdk.update_device import OK, Device, compiled

IMAGE_OPERATIONS = 1 + 10 + 16 + 1  # erase, payload, header, the mark *whole*


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("update"))


def life(device):
    """Two updates that are confirmed, a third one that fails its trial: the numbers of the models
    that may run while each comes."""
    confirmed = 0
    for number, good in ((7, True), (8, True), (9, False)):
        yield confirmed, number
        if device.install(number) != OK:
            return
        device.start()
        if device.flash.dead or (good and device.call("confirm") != OK):
            return
        confirmed = number if good else confirmed
    device.start()


def hasty_life(device):
    """One update that is confirmed, then two without a restart between; see `life`."""
    yield 0, 7
    if device.install(7) == OK and device.start() == 0 and device.call("confirm") == OK:
        yield 7, 8, 9
        if device.install(8) == OK and device.install(9) == OK:
            device.start()
            device.call("confirm")


LIVES = [(life, 8, 3 * IMAGE_OPERATIONS + 3 + 2 + 1), (hasty_life, 9, 3 * IMAGE_OPERATIONS + 2 + 2)]
"""What happens, the number of the model that runs in the end, and the operations of flash: of three
images, of the marks *tried*, *confirmed* and *rejected*."""


def models_after_a_cut(device, lived):
    """Live until the power goes; return the numbers of the models that may run after it."""
    for numbers in lived(device):
        allowed = numbers
    assert device.flash.dead
    return allowed


@pytest.mark.parametrize("ecc", [False, True])
@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize("case", LIVES)
def test_power_cut_at_every_operation(library, case, tear, ecc):
    lived, last, total = case
    whole = Device(library, ecc=ecc)
    for _ in lived(whole):
        pass
    assert whole.running_number() == last
    assert whole.flash.operations == total
    for at in range(total):
        device = Device(library, ecc=ecc, cut_at=at, tear=tear, seed=at)
        allowed = models_after_a_cut(device, lived)
        device.flash.reboot()
        device.start()
        # The model of before, or the one that came: never none, never a mixture.
        assert device.running_number() in allowed, at
        if device.update.is_trial:
            assert device.call("confirm") == OK
        before = device.running_number()
        assert device.start() == device.update.running
        assert device.running_number() == before, at
        assert device.install(11) == OK, at
        device.start()
        assert device.running_number() == 11, at
        device.start()
        assert device.running_number() == before, at


@pytest.mark.parametrize("ecc", [False, True])
def test_a_second_power_cut_while_the_device_recovers(library, ecc):
    """At the marks of the next start, a rollback's among them, and at the first writes after it."""
    _, _, total = LIVES[0]
    for at in range(total):
        for again in range(5):
            device = Device(library, ecc=ecc, cut_at=at, tear=TEARS[at % 4], seed=at)
            allowed = models_after_a_cut(device, life)
            device.flash.reboot()
            device.flash.cut_at = device.flash.operations + again
            device.flash.tear = TEARS[again % 4]
            device.start()
            if device.update.is_trial:
                device.call("confirm")
            device.install(11)
            assert device.flash.dead
            device.flash.reboot()
            device.start()
            assert device.running_number() in allowed, (at, again)
            if device.update.is_trial:
                assert device.call("confirm") == OK
            assert device.install(12) == OK, (at, again)
            device.start()
            assert device.running_number() == 12, (at, again)
