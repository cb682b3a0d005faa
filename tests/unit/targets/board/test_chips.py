"""The chips as wholes: clock trees, what a wrong order says, and facts of modm-devices."""

from dataclasses import replace
from pathlib import Path

import pytest

from targets import parts
from targets.emulate import board, soft_board
from targets.emulate.board import chips, watch
from targets.emulate.board.chip import Surroundings
from targets.emulate.board.peripheral.bus import Bus
from targets.emulate.board.peripheral.clock import Speed, divider_of_ahb, divider_of_apb
from targets.errors import EmulatorError
from targets.load import Device, available, load


class Wire:
    is_held_up = False
    has_received = False

    def __init__(self):
        self.sent = bytearray()

    def take(self):
        return None

    def put(self, byte):
        self.sent.append(byte)


class Bench:
    """A chip without a core."""

    def __init__(self, name):
        self.said = []
        self.wire = Wire()
        around = Surroundings(self.wire, lambda _number, _on: None, self.said.append)
        target = load(name) if isinstance(name, str) else name
        self.chip = chips.build(target, around)
        self.bus = Bus(self.chip.peripherals, self.said.append, lambda _address: None)

    def put(self, address, value):
        self.bus.write(address, 4, value)

    def get(self, address):
        return self.bus.read(address, 4)


def test_every_modelled_family_can_be_started():
    assert set(chips.VARIANTS) == set(chips.FAMILIES)
    modelled = "gd32vf103, rp2040, stm32f4, stm32g0, stm32n6, stm32u5"
    with pytest.raises(EmulatorError, match=f"driver is 'mps2', modelled are {modelled}"):
        chips.build(load("mps2-an386"), Surroundings(Wire(), print, print))


def with_part(name, part):
    target = load(name)
    return replace(target, device=None if part is None else Device(part))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "STM32F490ZZTx",
            "no register tables for STM32F490ZZTx of target stm32f4; it has them for",
        ),
        (None, "target stm32f4 does not say which chip it is"),
    ],
)
def test_a_part_without_tables_is_refused(part, message):
    target = with_part("stm32f4", part)
    assert not chips.is_modelled(target)
    with pytest.raises(EmulatorError, match=message):
        soft_board.start(target, Path("none.elf"))


@pytest.mark.parametrize(
    ("name", "part", "address", "bits"),
    [
        ("stm32f4", "STM32F405RGTx", 0x40023834, 0xC0),
        ("stm32f4", "STM32F429ZITx", 0x40023834, 0xC1),
        ("stm32f4", "STM32F411RETx", 0x40023834, 0x80),
        ("stm32u5", "STM32U575ZITxQ", 0x46020C8C, 0xD82655FF),
        ("stm32u5", "STM32U585AIIx", 0x46020C8C, 0xD9BF55FF),
    ],
)
def test_a_part_has_the_bits_of_its_own_table(name, part, address, bits):
    bench = Bench(with_part(name, part))
    bench.put(address, bits)
    assert (bench.get(address), bench.said) == (bits, [])
    bench.put(address, bits ^ 0x200_0000)
    assert "0x02000000 is reserved" in bench.said[0]


def test_a_description_arrives_whole():
    for name in available():
        assert board.restore(soft_board.dump(load(name))) == load(name)


def test_dividers():
    assert [divider_of_apb(f) for f in range(8)] == [1, 1, 1, 1, 2, 4, 8, 16]
    assert [divider_of_ahb(f) for f in (0, 7, 8, 12, 15)] == [1, 1, 2, 64, 512]


@pytest.mark.parametrize(("name", "hz"), [("stm32f4", 16e6), ("stm32f446", 16e6), ("stm32u5", 4e6)])
def test_clock_after_reset(name, hz):
    assert Bench(name).chip.speed() == Speed(int(hz), int(hz), int(hz))


RCC, PWR, FLASH = 0x46020C00, 0x46020800, 0x40022000


def test_the_booster_needs_the_source_of_the_pll():
    bench = Bench("stm32u5")
    bench.put(RCC + 0x94, 0x80000004)
    bench.put(PWR + 0xC, 0x78000)
    assert not bench.get(PWR + 0xC) & 1 << 14
    bench.put(RCC + 0x28, 1)
    bench.put(PWR + 0xC, 0x78000)
    assert bench.get(PWR + 0xC) & 1 << 14
    assert bench.said == []


def test_a_core_that_is_too_fast_is_told():
    bench = Bench("stm32u5")
    bench.put(RCC + 0x28, 1 | 1 << 18)
    bench.put(RCC + 0x34, 79 | 1 << 9 | 1 << 16 | 1 << 24)
    bench.put(RCC, bench.get(RCC) | 1 << 24)
    bench.put(RCC + 0x1C, 3)
    assert bench.chip.speed().core == 160_000_000
    assert bench.said == [
        "the core runs at 160000000 Hz, but PWR_VOSR allows 24000000 Hz",
        "the core runs at 160000000 Hz, but FLASH_ACR allows 16000000 Hz",
    ]


def test_f446_above_168_mhz_needs_overdrive():
    bench = Bench("stm32f446")
    bench.put(0x40023C00, 5)
    bench.put(0x40023804, 0x20000000 | 8 | 180 << 6 | 8 << 24)
    bench.put(0x40023800, 0x01000083)
    bench.put(0x40023808, 5 << 10 | 4 << 13 | 2)
    assert bench.said == ["the core runs at 180000000 Hz, but PWR_CR allows 168000000 Hz"]
    assert bench.chip.speed() == Speed(180_000_000, 45_000_000, 90_000_000)


def test_a_source_that_is_off_is_no_source():
    bench = Bench("stm32f4")
    bench.put(0x40023808, 2)
    assert bench.said == ["RCC_CFGR: source 2 of the system clock is not ready"]
    assert bench.chip.speed().core == 16_000_000


def test_a_wrong_baud_rate_and_pins_are_told_once():
    bench = Bench("stm32f4")
    bench.put(0x40023840, 1 << 17)
    bench.put(0x40004408, 16_000_000 // 9600)
    bench.put(0x4000440C, 1 << 13 | 1 << 3)
    bench.put(0x40004404, 65)
    bench.put(0x40004404, 66)
    assert bytes(bench.wire.sent) == b"AB"
    assert bench.said == [
        "USART2: 16000000 Hz / 1666 is no 115200 baud",
        "GPIOA pin 2 is not on USART2",
        "GPIOA pin 3 is not on USART2",
    ]


def test_the_baud_rate_is_set_while_the_usart_is_off():
    bench = Bench("stm32u5")
    bench.put(RCC + 0xA4, 1 << 14)
    bench.put(0x4001380C, 35)
    bench.put(0x40013800, 1)
    bench.put(0x4001380C, 17)
    assert bench.get(0x4001380C) == 35
    assert bench.said == ["USART1_BRR is written while UE is set: it keeps its value"]


@pytest.mark.parametrize(
    ("words", "register"),
    [
        ((0xE9D1, 0x2300), 1),  # ldrd r2, r3, [r1]
        ((0xE945, 0x0102), 5),  # strd r0, r1, [r5, #-8]
        ((0xE8B2, 0x000F), 2),  # ldm r2!, {r0-r3}
        ((0xCB0F, 0x0000), 3),  # ldm r3!, {r0-r3}
        ((0xF8D1, 0x2001), None),  # ldr.w r2, [r1, #1]
        ((0xE8D1, 0xF003), None),  # tbb [r1, r3]
        ((0xE851, 0x2F00), None),  # ldrex r2, [r1]
        ((0xB40F, 0x0000), None),  # push: the stack pointer is aligned
    ],
)
def test_what_must_be_aligned(words, register):
    code = b"".join(word.to_bytes(2, "little") for word in words)
    assert watch.marks(code)[0] == (0 if register is None else 1 + register)


@pytest.mark.parametrize(
    ("word", "is_marked"),
    [
        (0x6808, True),  # ldr r0, [r1]
        (0x6048, True),  # str r0, [r1, #4]
        (0x8808, True),  # ldrh r0, [r1]
        (0x5E88, True),  # ldrsh r0, [r1, r2]
        (0x5088, True),  # str r0, [r1, r2]
        (0x7808, False),  # ldrb r0, [r1]
        (0x5688, False),  # ldrsb r0, [r1, r2]
        (0x5C88, False),  # ldrb r0, [r1, r2]
        (0x9801, False),  # ldr r0, [sp, #4]
        (0x4801, False),  # ldr r0, [pc, #4]
    ],
)
def test_on_armv6m_every_word_and_halfword_must_be_aligned(word, is_marked):
    code = word.to_bytes(2, "little") + bytes(2)
    assert watch.marks(code, baseline=True)[0] == (watch.MARK_NARROW if is_marked else 0)
    assert watch.marks(code)[0] == 0


@pytest.mark.parametrize(
    ("words", "mark"),
    [
        ((0xED94, 0x0A01), watch.MARK_FLOAT | 1 + 4),  # vldr s0, [r4, #4]
        ((0xECB6, 0x0A04), watch.MARK_FLOAT | 1 + 6),  # vldm r6!, {s0-s3}
        ((0xEC51, 0x0A10), watch.MARK_FLOAT),  # vmov r0, r1, s0, s1
        ((0xEEB7, 0x0A00), watch.MARK_FLOAT),  # vmov.f32 s0, #1.0
        ((0xFE00, 0x0A80), watch.MARK_FLOAT),  # vseleq.f32 s0, s1, s0
        ((0xEE00, 0x0110), 0),  # mcr p1: another coprocessor
        ((0xFB01, 0xFA02), 0),  # mul r10, r1, r2
        ((0xF380, 0x8809), watch.MARK_PROCESS_STACK),  # msr psp, r0
        ((0xF381, 0x8814), watch.MARK_PROCESS_STACK),  # msr control, r1
        ((0xF383, 0x8808), 0),  # msr msp, r3
        ((0xF3EF, 0x8009), 0),  # mrs r0, psp
    ],
)
def test_what_is_looked_at(words, mark):
    code = b"".join(word.to_bytes(2, "little") for word in words)
    assert watch.marks(code)[0] == mark


@pytest.mark.parametrize("target", ["stm32u5", "stm32f4", "stm32f446"])
def test_descriptions_agree_with_modm_devices(target):
    described = load(target)
    known = parts.find(described.device.part)
    if known is None:
        pytest.skip("modm-devices is not installed")
    assert described.cpu.interrupts == known.interrupts
    assert known.vectors[described.uart.interrupt] == described.uart.name
    assert known.core == described.cpu.name
    ram = described.region("ram")
    assert any(m.origin == ram.origin and m.size >= ram.size for m in known.ram)
