// Loaded into a real server by LD_PRELOAD (tests/server/kill_harness.py): gives each system call that changes
// the disk a name, and kills the process at the one that the test orders. The product knows nothing of it.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

enum class When : std::int32_t { before = 0, half = 1, after = 2 };

/// The file both sides map; the test writes `countdown` last.
struct Order {
    std::atomic<std::int32_t> countdown;  ///< the process ends at the step's n-th time; 0: never
    When when;
    char step[56];  ///< "write wal"
};
static_assert(sizeof(Order) == 64);

Order* const order = [] {
    auto const* const path = std::getenv("OCILOT_TEST_KILL_ORDER");
    if (path == nullptr) return static_cast<Order*>(nullptr);
    int const fd = ::open(path, O_RDWR | O_CLOEXEC);
    auto* const place = ::mmap(nullptr, sizeof(Order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED) std::abort();
    ::close(fd);
    return static_cast<Order*>(place);
}();

template <class F>
F real(char const* name) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

bool is_directory(int fd) {
    struct stat facts{};
    return ::fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
}

std::string path_of(int at, char const* path) {
    if (at == AT_FDCWD || *path == '/') return path;
    char buffer[4096];
    auto const link = "/proc/self/fd/" + std::to_string(at);
    auto const n = ::readlink(link.c_str(), buffer, sizeof buffer);
    std::string whole(buffer, n < 0 ? 0 : static_cast<std::size_t>(n));
    return *path == '\0' ? whole : whole + "/" + path;
}

/// Which of the store's files this is; empty for any other file.
std::string_view place_of(std::string const& path) {
    if (path.ends_with("/meta.sqlite-wal")) return "wal";
    if (path.ends_with("/meta.sqlite")) return "database";
    if (path.find("/ocilot/uploads/#") != std::string::npos) return "nameless";  // O_TMPFILE
    if (path.find("/ocilot/uploads/") != std::string::npos) return "upload";
    if (path.find("/v2/blobs/") != std::string::npos) return "blob";
    return {};
}

/// Whether the process has to end now: asked once for each call that can be the step.
bool ordered(char const* call, int at, char const* path, When when) {
    if (order == nullptr || order->countdown.load() <= 0 || order->when != when) return false;
    if (std::strncmp(order->step, call, std::strlen(call)) != 0) return false;
    auto const place = place_of(path_of(at, path));
    if (place.empty() || order->step != std::string(call) + " " + std::string(place)) return false;
    return order->countdown.fetch_sub(1) == 1;
}

void end() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

template <class Call>
auto step(char const* name, int at, char const* path, Call call) {
    if (ordered(name, at, path, When::before)) end();
    auto const answer = call();
    int const error = errno;
    if (ordered(name, at, path, When::after)) end();
    errno = error;
    return answer;
}

ssize_t write_step(int fd, void const* bytes, std::size_t n, off_t offset) {
    static auto const write = real<ssize_t (*)(int, void const*, std::size_t, off_t)>("pwrite64");
    if (ordered("write", fd, "", When::half)) {
        write(fd, bytes, n / 2, offset);
        end();
    }
    return step("write", fd, "", [&] { return write(fd, bytes, n, offset); });
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, void const* bytes, std::size_t n, off_t offset) {
    return write_step(fd, bytes, n, offset);
}

ssize_t pwrite64(int fd, void const* bytes, std::size_t n, off_t offset) {
    return write_step(fd, bytes, n, offset);
}

int fdatasync(int fd) noexcept(noexcept(::fdatasync(fd))) {
    static auto const sync = real<int (*)(int)>("fdatasync");
    return step("sync", fd, "", [&] { return sync(fd); });
}

int fsync(int fd) {
    static auto const sync = real<int (*)(int)>("fsync");
    return step(is_directory(fd) ? "sync_names" : "sync", fd, "", [&] { return sync(fd); });
}

int linkat(int from_at, char const* from, int at, char const* path, int flags) noexcept {
    static auto const link = real<int (*)(int, char const*, int, char const*, int)>("linkat");
    return step("link", at, path, [&] { return link(from_at, from, at, path, flags); });
}

int renameat(int from_at, char const* from, int at, char const* path) noexcept {
    static auto const rename = real<int (*)(int, char const*, int, char const*)>("renameat");
    return step("rename", at, path, [&] { return rename(from_at, from, at, path); });
}

int unlinkat(int at, char const* path, int flags) noexcept {
    static auto const unlink = real<int (*)(int, char const*, int)>("unlinkat");
    return step("unlink", at, path, [&] { return unlink(at, path, flags); });
}

int mkdirat(int at, char const* path, mode_t mode) noexcept {
    static auto const mkdir = real<int (*)(int, char const*, mode_t)>("mkdirat");
    return step("mkdir", at, path, [&] { return mkdir(at, path, mode); });
}

int ftruncate64(int fd, off_t size) noexcept {
    static auto const truncate = real<int (*)(int, off_t)>("ftruncate64");
    return step("truncate", fd, "", [&] { return truncate(fd, size); });
}

int openat(int at, char const* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    static auto const open = real<int (*)(int, char const*, int, mode_t)>("openat");
    auto const call = [&] { return open(at, path, flags, mode); };
    return (flags & O_EXCL) != 0 ? step("create", at, path, call) : call();
}
}
