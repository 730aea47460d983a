#include "base/read_file.h"

#include "base/counted.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace ocilot {

namespace {

Error failed(int why) {
    return {Errc::config, std::strerror(why)};
}

Result<std::string> bytes_of_file(std::string const& path, std::size_t most) {
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return failed(errno);
    std::string text(most + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        auto const count = ::read(fd, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            int const why = errno;
            ::close(fd);
            return failed(why);
        }
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    ::close(fd);
    if (size > most) return Error{Errc::config, fmt::format("larger than {}", counted_bytes(most))};
    text.resize(size);
    return text;
}

}  // namespace

Result<std::string> text_of_file(std::string const& path, std::size_t most) {
    TRY(auto text, bytes_of_file(path, most));
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // As some editors begin a UTF-8 file.
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return Error{Errc::config, "UTF-16 is not supported; save it as UTF-8"};
    }
    return text;
}

Result<std::string> read_file(std::string const& path, std::size_t most) {
    auto text = text_of_file(path, most);
    if (text.has_error()) {
        return Error{Errc::config, fmt::format("cannot read {}: {}; check the path and its permissions", path,
                                               text.error().message)};
    }
    return text;
}

}  // namespace ocilot
