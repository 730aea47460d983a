#include "net/local_listener.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace ocilot::net {

namespace {

constexpr mode_t owner_only = 0600;

Error cannot_listen(std::string_view path, std::string_view why) {
    return {Errc::config,
            fmt::format("cannot create the control socket {}: {}; set another path in ocilot.controlsocket",
                        path, why)};
}

Error cannot_listen(std::string_view path, int errno_value) {
    return cannot_listen(path, std::generic_category().message(errno_value));
}

/// A name for the socket that fits into a sockaddr_un, which takes 107 bytes: a longer path is reached
/// through a descriptor of its directory.
class ShortName {
  public:
    explicit ShortName(std::string const& path) : text_(path) {
        if (path.size() < sizeof(sockaddr_un{}.sun_path)) return;
        std::filesystem::path const whole(path);
        directory_ = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory_ < 0) {
            problem_ = errno;
            return;
        }
        text_ = fmt::format("/proc/self/fd/{}/{}", directory_, whole.filename().string());
        if (text_.size() >= sizeof(sockaddr_un{}.sun_path)) problem_ = ENAMETOOLONG;
    }
    ~ShortName() {
        if (directory_ >= 0) ::close(directory_);
    }
    ShortName(ShortName const&) = delete;
    ShortName& operator=(ShortName const&) = delete;

    /// errno; 0 if there is a name.
    [[nodiscard]] int problem() const noexcept { return problem_; }
    [[nodiscard]] sockaddr_un address() const {
        sockaddr_un out{};
        out.sun_family = AF_UNIX;
        std::memcpy(out.sun_path, text_.data(), text_.size());
        return out;
    }

  private:
    std::string text_;
    int directory_ = -1;
    int problem_ = 0;
};

/// Whether a process listens there now.
bool is_served(sockaddr_un const& address) {
    int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    // EAGAIN: its queue is full.
    bool const served =
        ::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 || errno == EAGAIN;
    ::close(fd);
    return served;
}

Result<> make_room(std::string const& path, sockaddr_un const& address) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return cannot_listen(path, errno);
    }
    if (!S_ISSOCK(found.st_mode)) return cannot_listen(path, "the path exists and is not a socket");
    if (is_served(address)) return cannot_listen(path, "another process listens there");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot_listen(path, errno);
    return {};
}

}  // namespace

Result<Acceptor> listen_locally(asio::io_context& context, std::string const& path) {
    ShortName const name(path);
    if (name.problem() != 0) return cannot_listen(path, name.problem());
    auto const address = name.address();
    CHECK(make_room(path, address));

    int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return cannot_listen(path, errno);
    Acceptor acceptor(context);
    boost::system::error_code failed;
    acceptor.assign(Stream(AF_UNIX, 0), fd, failed);
    if (failed) {
        ::close(fd);
        return cannot_listen(path, failed.value());
    }
    if (::bind(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        return cannot_listen(path, errno);
    }
    // Nobody can connect before it listens, and then only its owner.
    if (::chmod(path.c_str(), owner_only) != 0 || ::listen(fd, SOMAXCONN) != 0) {
        auto problem = cannot_listen(path, errno);
        ::unlink(path.c_str());
        return problem;
    }
    return acceptor;
}

}  // namespace ocilot::net
