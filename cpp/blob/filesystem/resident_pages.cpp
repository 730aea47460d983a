#include "blob/filesystem/resident_pages.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ocilot::blob {

namespace {

std::uint64_t page_size() noexcept {
    return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool is_resident(unsigned char page) noexcept {
    return (page & 1U) != 0;
}

}  // namespace

ResidentPages::ResidentPages(int fd, std::uint64_t offset, std::uint64_t length) : fd_(fd) {
    auto const page = page_size();
    begin_ = offset / page * page;
    auto const size = static_cast<std::size_t>(offset + length - begin_);
    if (length == 0) return;
    pages_.assign((size + page - 1) / page, 1);
    auto* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(begin_));
    if (mapped == MAP_FAILED) return;
    if (::mincore(mapped, size, pages_.data()) != 0) std::ranges::fill(pages_, 1);
    ::munmap(mapped, size);
}

std::uint64_t ResidentPages::count() const noexcept {
    return static_cast<std::uint64_t>(std::ranges::count_if(pages_, is_resident));
}

void ResidentPages::forget_others() const noexcept {
    auto const page = page_size();
    for (auto run = pages_.begin(); run != pages_.end();) {
        run = std::find_if_not(run, pages_.end(), is_resident);
        auto const end = std::find_if(run, pages_.end(), is_resident);
        auto const first = begin_ + static_cast<std::uint64_t>(run - pages_.begin()) * page;
        auto const bytes = static_cast<std::uint64_t>(end - run) * page;
        if (bytes > 0) {
            ::posix_fadvise(fd_, static_cast<off_t>(first), static_cast<off_t>(bytes), POSIX_FADV_DONTNEED);
        }
        run = end;
    }
}

}  // namespace ocilot::blob
