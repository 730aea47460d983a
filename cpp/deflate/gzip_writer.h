#pragma once

#include "deflate/deflater.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ocilot::deflate {

/// Writes gzip (RFC 1952) without a name and a time: equal bytes make an equal digest everywhere.
class GzipWriter {
  public:
    explicit GzipWriter(int level) : deflater_(level) {}

    /// What is ready, which may be nothing.
    [[nodiscard]] std::string write(std::span<std::byte const> input);
    /// The rest. Nothing is written afterwards.
    [[nodiscard]] std::string finish();

  private:
    void begin(std::string& out);

    Deflater deflater_;
    bool begun_ = false;
    std::uint32_t crc_ = 0;
    std::uint64_t size_ = 0;
};

}  // namespace ocilot::deflate
