"""A made-up pack, and the empty image that a linker script is tried with."""

import subprocess
import zipfile

from codegen.emit import linker

PDSC = """<?xml version="1.0" encoding="utf-8"?>
<package schemaVersion="1.7.7">
  <vendor>Test</vendor><name>Made_DFP</name><description>d</description><url>u</url>
  <releases><release version="1.2.3">r</release></releases>
  <devices>
    <family Dfamily="Made Series" Dvendor="Nobody:1">
      <processor Dcore="Cortex-M33" Dfpu="SP_FPU" Dclock="64000000" Ddsp="NO_DSP"/>
      <memory name="Flash" access="rx" start="0x00000000" size="0x40000" default="1" startup="1"/>
      <memory name="RAM_A" access="rwx" start="0x20000000" size="0x8000" default="1"/>
      <memory name="RAM_B" access="rwx" start="0x20008000" size="0x8000"/>
      <memory name="FAR" access="rwx" start="0x30000000" size="0x1000"/>
      <algorithm name="Flash/main.FLM" start="0x0" size="0x40000" default="1"/>
      <algorithm name="Flash/other.FLM" start="0x10000000" size="0x40000" default="1"/>
      <device Dname="MADE1"><debug svd="SVD\\made.svd"/></device>
      <device Dname="MADE2"><processor Dcore="Cortex-M0" Dfpu="NO_FPU" Ddsp="NO_DSP"/></device>
    </family>
  </devices>
</package>
"""


def pdsc(folder, text=PDSC):
    path = folder / "Test.Made_DFP.pdsc"
    path.write_text(text, encoding="utf-8")
    return path


def pack(folder, *names):
    path = folder / "Test.Made_DFP.1.2.3.pack"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names or ("Test.Made_DFP.pdsc", "CMSIS/inner.pdsc", "SVD/made.svd"):
            archive.writestr(name, PDSC)
    return path


def link_empty(target, folder):
    """Link an image of a vector table and nothing else with the target's script; return stderr."""
    script, image = folder / "linker.ld", folder / f"{target.cpu.interrupts}.o"
    script.write_text(linker.linker_script(target, "0"), encoding="utf-8")
    if not image.is_file():
        words = 16 + target.cpu.interrupts
        source = image.with_suffix(".s")
        source.write_text(
            f'.section .vectors,"a"\n.space {4 * words}\n'
            ".text\n.global safe_reset\nsafe_reset: b .\n"
        )
        run("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-c", source, "-o", image)
    return run(
        "arm-none-eabi-ld", f"-T{script}", "--fatal-warnings", image, "-o", folder / "empty.elf"
    )


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""
