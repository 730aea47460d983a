#pragma once

#include <cstdint>
#include <vector>

namespace ocilot::blob {

/// Which pages of part of a file are in memory, at one moment; to put the memory back as it was after a read.
class ResidentPages {
  public:
    /// Of the bytes [offset, offset + length). Where the system does not tell, all count as in memory.
    ResidentPages(int fd, std::uint64_t offset, std::uint64_t length);

    [[nodiscard]] std::uint64_t count() const noexcept;
    /// Removes from memory the pages that were not there.
    void forget_others() const noexcept;

  private:
    int fd_;
    std::uint64_t begin_ = 0;  ///< bytes; where a page begins
    std::vector<unsigned char> pages_;
};

}  // namespace ocilot::blob
