/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an ELF image on the Verilated core with memories that answer in the next cycle, a timer, and
 * a serial line on a TCP port of the loopback or on standard output.
 *
 *   safe_ibex ELF FLASH SIZE RAM SIZE TICKS_PER_MS [--tcp] [--count CONFIG OUT]
 *
 * Addresses and sizes are hexadecimal. The core starts at FLASH, whose low byte is 80 (Ibex
 * reference guide, "Boot Address"). Registers from DEVICE_BASE on:
 *   00 SERIAL   write: sends a byte; read: takes one, or EMPTY. Interrupts while bytes are held.
 *   04 EXIT     write: ends the simulation with this status
 *   08 RESET    write: resets the core; RAM keeps its contents
 *   10 MTIME    low, high: cycles of the core's clock since the start
 *   18 MTIMECMP low, high
 * Any other address answers with a bus error, and so does a write to flash.
 * With --count, CONFIG is that of icount.c without `profile`, and the counts are clock cycles:
 * those of an instruction last from the retirement of the one before it to its own.
 */
#include <arpa/inet.h>
#include <elf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "verilated.h"
#include "vsafe_ibex.h"

namespace
{

constexpr uint32_t DEVICE_BASE = 0x20000000u;
constexpr uint32_t EMPTY = 1u << 31;
constexpr size_t FIFO_BYTES = 64;
constexpr uint64_t LINE_CYCLES = 512; /* between two looks at the line */

[[noreturn]] void die(const std::string &what)
{
    std::fprintf(stderr, "safe_ibex: %s\n", what.c_str());
    std::exit(2);
}

struct Memory {
    uint32_t base;
    std::vector<uint32_t> words;
    bool writable;

    bool holds(uint32_t address) const
    {
        return address >= base && (address - base) / 4u < words.size();
    }
    uint32_t &at(uint32_t address)
    {
        return words[(address - base) / 4u];
    }
};

/* The other end of the serial line. */
class Line
{
  public:
    void open()
    {
        int server = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in place = {};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(place);
        if (server < 0 || bind(server, reinterpret_cast<sockaddr *>(&place), length) != 0 ||
            listen(server, 1) != 0 ||
            getsockname(server, reinterpret_cast<sockaddr *>(&place), &length) != 0) {
            die("no port on the loopback");
        }
        std::printf("url socket://127.0.0.1:%u\n", ntohs(place.sin_port));
        std::fflush(stdout);
        socket_ = accept(server, nullptr, nullptr);
        int on = 1;
        if (socket_ < 0 || setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
            die("nobody connected");
        }
        close(server);
    }
    /* Moves bytes both ways, after waiting up to `wait_ms` for some to come. */
    void exchange(int wait_ms)
    {
        flush();
        pollfd ready = {socket_, POLLIN, 0};
        if (socket_ < 0 || held_.size() >= FIFO_BYTES || poll(&ready, 1, wait_ms) != 1) {
            return;
        }
        uint8_t bytes[FIFO_BYTES];
        ssize_t count = recv(socket_, bytes, FIFO_BYTES - held_.size(), MSG_DONTWAIT);
        if (count <= 0) {
            std::exit(0); /* the host has closed its end */
        }
        held_.insert(held_.end(), bytes, bytes + count);
    }
    bool has_bytes() const
    {
        return !held_.empty();
    }
    uint32_t take()
    {
        if (held_.empty()) {
            return EMPTY;
        }
        uint32_t byte = held_.front();
        held_.pop_front();
        return byte;
    }
    void send(uint32_t byte)
    {
        out_ += static_cast<char>(byte);
    }
    void flush()
    {
        int to = socket_ < 0 ? STDOUT_FILENO : socket_;
        for (size_t sent = 0; sent < out_.size();) {
            ssize_t count = write(to, out_.data() + sent, out_.size() - sent);
            if (count <= 0) {
                std::exit(0);
            }
            sent += static_cast<size_t>(count);
        }
        out_.clear();
    }
    void drop()
    {
        held_.clear();
    }

  private:
    int socket_ = -1;
    std::deque<uint8_t> held_;
    std::string out_;
};

enum class Kind : uint8_t { Plain, Exclude, Between, Back, Marker };

struct Entry {
    Kind kind = Kind::Plain;
    int id = 0;
};

/* What icount.c does, for cycles. */
class Counter
{
  public:
    Counter(const char *config, const char *out, const Memory &flash)
        : base_(flash.base), entries_(flash.words.size() * 2u), out_(std::fopen(out, "w"))
    {
        std::ifstream file(config);
        std::string line;
        if (out_ == nullptr || !file) {
            die("cannot open the counter's files");
        }
        while (std::getline(file, line)) {
            read(line);
        }
    }
    ~Counter()
    {
        std::fclose(out_);
    }
    void retired(uint32_t pc, uint64_t cycle)
    {
        uint64_t cycles = cycle - last_;
        last_ = cycle;
        size_t place = (pc - base_) / 2u;
        Entry entry = place < entries_.size() ? entries_[place] : Entry{};
        if (entry.kind == Kind::Exclude) {
            return;
        }
        if (entry.kind == Kind::Marker) {
            inside_ = marked_ = true;
            report(entry);
        } else if (entry.kind == Kind::Between && inside_ && marked_) {
            marked_ = false;
            report(entry);
        } else if (entry.kind == Kind::Back && inside_) {
            inside_ = false;
            report(entry);
            std::fflush(out_);
        }
        count_ += cycles;
    }

  private:
    void report(const Entry &entry)
    {
        std::fprintf(out_, "%d %" PRIu64 "\n", entry.id, count_);
    }
    void read(const std::string &line)
    {
        uint32_t start = 0;
        uint32_t end = 0;
        int id = 0;
        const char *text = line.c_str();
        if (std::sscanf(text, "exclude %" SCNx32 " %" SCNx32, &start, &end) == 2) {
            fill(Kind::Exclude, 0, start, end);
        } else if (std::sscanf(text, "marker %d %" SCNx32, &id, &start) == 2) {
            fill(Kind::Marker, id, start, start + 1u);
        } else if (std::sscanf(text, "between %d %" SCNx32 " %" SCNx32, &id, &start, &end) == 3) {
            fill(Kind::Between, id, start, end);
        } else if (std::sscanf(text, "back %d %" SCNx32 " %" SCNx32, &id, &start, &end) == 3) {
            fill(Kind::Back, id, start, end);
        } else {
            die("counter: not understood: " + line);
        }
    }
    /* The order of the enumeration is that of icount.c, but that an exclusion is never inside. */
    void fill(Kind kind, int id, uint32_t start, uint32_t end)
    {
        for (uint32_t pc = start; pc < end; pc += 2u) {
            size_t place = (pc - base_) / 2u;
            if (place < entries_.size() && entries_[place].kind < kind) {
                entries_[place] = Entry{kind, id};
            }
        }
    }

    uint32_t base_;
    std::vector<Entry> entries_;
    std::FILE *out_;
    uint64_t last_ = 0;
    uint64_t count_ = 0;
    bool inside_ = false;
    bool marked_ = false;
};

/* What a bus answers in the cycle after a request. */
struct Answer {
    bool valid = false;
    bool error = false;
    uint32_t data = 0;
};

class Machine
{
  public:
    Machine(Memory flash, Memory ram, uint64_t ticks_per_ms)
        : flash_(std::move(flash)), ram_(std::move(ram)), ticks_per_ms_(ticks_per_ms)
    {
        uint32_t noise = 0x5AFE0001u; /* what a RAM holds at power-up */
        for (uint32_t &word : ram_.words) {
            noise = noise * 1664525u + 1013904223u;
            word = noise;
        }
    }
    void load(const char *path);
    void run();

    Line line;
    std::unique_ptr<Counter> counter;

  private:
    void reset();
    void cycle();
    void sleep();
    Answer fetch() const;
    Answer access();
    void write_device(uint32_t place, uint32_t value);
    uint32_t read_device(uint32_t place);

    vsafe_ibex core_;
    Memory flash_;
    Memory ram_;
    uint64_t ticks_per_ms_;
    uint64_t cycles_ = 0;
    uint64_t time_ = 0;
    uint64_t compare_ = UINT64_MAX;
    Answer instruction_;
    Answer data_;
    bool reset_wanted_ = false;
};

void Machine::load(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    Elf32_Ehdr head;
    if (bytes.size() < sizeof(head) || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
        die(std::string(path) + " is no ELF file");
    }
    std::memcpy(&head, bytes.data(), sizeof(head));
    for (size_t i = 0; i < head.e_phnum; i++) {
        Elf32_Phdr part;
        size_t place = head.e_phoff + i * sizeof(part);
        if (place + sizeof(part) > bytes.size()) {
            die(std::string(path) + " is cut");
        }
        std::memcpy(&part, bytes.data() + place, sizeof(part));
        if (part.p_type != PT_LOAD || part.p_filesz == 0) {
            continue;
        }
        if (part.p_offset + part.p_filesz > bytes.size() || !flash_.holds(part.p_paddr) ||
            !flash_.holds(part.p_paddr + part.p_filesz - 1u)) {
            die(std::string(path) + " does not lie in flash");
        }
        std::memcpy(reinterpret_cast<char *>(flash_.words.data()) + (part.p_paddr - flash_.base),
                    bytes.data() + part.p_offset, part.p_filesz);
    }
}

void Machine::reset()
{
    line.drop();
    reset_wanted_ = false;
    compare_ = UINT64_MAX;
    instruction_ = data_ = Answer{};
    core_.boot_addr_i = flash_.base & ~0xFFu;
    core_.clk_i = 0;
    core_.rst_ni = 1; /* the reset is asynchronous: its edge is what counts */
    core_.eval();
    core_.rst_ni = 0;
    for (int i = 0; i < 4; i++) {
        cycle();
    }
    core_.rst_ni = 1;
}

Answer Machine::fetch() const
{
    uint32_t address = core_.instr_addr_o;
    const Memory &from = flash_.holds(address) ? flash_ : ram_;
    if (!from.holds(address)) {
        return {true, true, 0};
    }
    return {true, false, from.words[(address - from.base) / 4u]};
}

Answer Machine::access()
{
    uint32_t address = core_.data_addr_o & ~3u;
    if (address >= DEVICE_BASE && address < DEVICE_BASE + 0x20u) {
        if (core_.data_we_o != 0) {
            write_device(address - DEVICE_BASE, core_.data_wdata_o);
            return {true, false, 0};
        }
        return {true, false, read_device(address - DEVICE_BASE)};
    }
    Memory &memory = flash_.holds(address) ? flash_ : ram_;
    if (!memory.holds(address) || (core_.data_we_o != 0 && !memory.writable)) {
        return {true, true, 0};
    }
    uint32_t &word = memory.at(address);
    if (core_.data_we_o != 0) {
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 4u; i++) {
            mask |= (core_.data_be_o >> i & 1u) != 0 ? 0xFFu << (8u * i) : 0u;
        }
        word = (word & ~mask) | (core_.data_wdata_o & mask);
    }
    return {true, false, word};
}

void Machine::write_device(uint32_t place, uint32_t value)
{
    const uint64_t low = 0xFFFFFFFFu;
    switch (place) {
    case 0x00:
        line.send(value);
        break;
    case 0x04:
        line.flush();
        counter.reset();
        std::exit(static_cast<int>(value));
    case 0x08:
        reset_wanted_ = true;
        break;
    case 0x18:
        compare_ = (compare_ & ~low) | value;
        break;
    case 0x1C:
        compare_ = (compare_ & low) | static_cast<uint64_t>(value) << 32;
        break;
    default:
        break; /* MTIME is read only */
    }
}

uint32_t Machine::read_device(uint32_t place)
{
    switch (place) {
    case 0x00:
        return line.take();
    case 0x10:
        return static_cast<uint32_t>(time_);
    case 0x14:
        return static_cast<uint32_t>(time_ >> 32);
    case 0x18:
        return static_cast<uint32_t>(compare_);
    case 0x1C:
        return static_cast<uint32_t>(compare_ >> 32);
    default:
        return 0;
    }
}

/* Requests are granted in their own cycle, and answered in the next. */
void Machine::cycle()
{
    core_.clk_i = 0;
    core_.instr_rvalid_i = instruction_.valid;
    core_.instr_rdata_i = instruction_.data;
    core_.instr_err_i = instruction_.error;
    core_.data_rvalid_i = data_.valid;
    core_.data_rdata_i = data_.data;
    core_.data_err_i = data_.error;
    core_.irq_timer_i = time_ >= compare_;
    core_.irq_external_i = line.has_bytes();
    core_.eval();
    instruction_ = core_.instr_req_o != 0 ? fetch() : Answer{};
    data_ = core_.data_req_o != 0 ? access() : Answer{};
    core_.clk_i = 1;
    core_.eval();
    cycles_++;
    time_++;
    if (counter && core_.retired_o != 0) {
        counter->retired(core_.retired_pc_o, cycles_);
    }
}

/* Nothing happens before the timer or the line: the time until then is slept by this process. */
void Machine::sleep()
{
    if (time_ >= compare_ || line.has_bytes()) {
        return;
    }
    uint64_t ticks = compare_ - time_;
    bool is_far = ticks > ticks_per_ms_;
    line.exchange(is_far ? 1 : static_cast<int>(ticks / ticks_per_ms_));
    time_ += is_far ? ticks_per_ms_ : ticks;
}

void Machine::run()
{
    reset();
    for (;;) {
        cycle();
        if (reset_wanted_) {
            line.flush();
            reset();
        } else if (core_.sleep_o != 0) {
            sleep();
        } else if (cycles_ % LINE_CYCLES == 0) {
            line.exchange(0);
        }
    }
}

Memory memory(char **arguments, bool writable)
{
    auto base = static_cast<uint32_t>(std::strtoul(arguments[0], nullptr, 16));
    auto size = static_cast<uint32_t>(std::strtoul(arguments[1], nullptr, 16));
    return {base, std::vector<uint32_t>(size / 4u), writable};
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 7) {
        die("usage: safe_ibex ELF FLASH SIZE RAM SIZE TICKS_PER_MS [--tcp] [--count CONFIG OUT]");
    }
    Memory flash = memory(argv + 2, false);
    Machine machine(flash, memory(argv + 4, true), std::strtoull(argv[6], nullptr, 10));
    machine.load(argv[1]);
    for (int i = 7; i < argc; i++) {
        if (std::strcmp(argv[i], "--tcp") == 0) {
            machine.line.open();
        } else if (std::strcmp(argv[i], "--count") == 0 && i + 2 < argc) {
            machine.counter = std::make_unique<Counter>(argv[i + 1], argv[i + 2], flash);
            i += 2;
        } else {
            die(std::string("unknown argument ") + argv[i]);
        }
    }
    machine.run();
}
