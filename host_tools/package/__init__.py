"""A detector as a library of the user's own build: sources, examples, and the files by which CMake,
Zephyr, CMSIS-Pack, Arduino, PlatformIO, ESP-IDF, STM32CubeIDE and Make know it.
"""
