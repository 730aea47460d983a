#pragma once

#include <string>
#include <unistd.h>
#include <utility>

namespace ocilot::net {

/// The file of a Unix-domain socket, removed with this.
class SocketFile {
  public:
    explicit SocketFile(std::string path) : path_(std::move(path)) {}
    ~SocketFile() { ::unlink(path_.c_str()); }
    SocketFile(SocketFile const&) = delete;
    SocketFile& operator=(SocketFile const&) = delete;

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    std::string const path_;
};

}  // namespace ocilot::net
