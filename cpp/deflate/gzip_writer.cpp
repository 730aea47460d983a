#include "deflate/gzip_writer.h"

#include "deflate/crc32.h"

namespace ocilot::deflate {

namespace {

/// Magic, deflate, no flags, no time, no hint of the effort, unknown system.
constexpr char header[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};

void append_word(std::string& out, std::uint64_t word) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((word >> shift) & 0xff));
}

}  // namespace

void GzipWriter::begin(std::string& out) {
    if (!begun_) out.append(header, sizeof(header));
    begun_ = true;
}

std::string GzipWriter::write(std::span<std::byte const> input) {
    std::string out;
    begin(out);
    crc_ = crc32(crc_, input);
    size_ += input.size();
    deflater_.write(input, out);
    return out;
}

std::string GzipWriter::finish() {
    std::string out;
    begin(out);
    deflater_.finish(out);
    append_word(out, crc_);
    append_word(out, size_);
    return out;
}

}  // namespace ocilot::deflate
