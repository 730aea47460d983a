#include "base/read_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ocilot {

namespace {

Error unreadable(std::string const& path, int why) {
    return {Errc::config, fmt::format("{} cannot be read: {}; check the path and who may read it", path,
                                      std::strerror(why))};
}

}  // namespace

Result<std::string> read_file(std::string const& path, std::size_t most) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return unreadable(path, errno);
    std::string text(most + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        auto const count = ::read(fd, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            int const why = errno;
            ::close(fd);
            return unreadable(path, why);
        }
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    ::close(fd);
    if (size > most) return Error{Errc::config, fmt::format("{} has more than {} bytes", path, most)};
    text.resize(size);
    return text;
}

}  // namespace ocilot
