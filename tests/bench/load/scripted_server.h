#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ocilot::load {

/// As a digest is written: sha256:...
std::string sha256(std::string_view bytes);

struct Asked {
    std::string line;  // "GET /path"
    std::string body;
};

struct Said {
    std::string bytes;
    bool close = false;
};

/// An HTTP server on loopback that says what a test tells it to, one request at a time.
class ScriptedServer {
  public:
    /// `script` is given the number of the request, from 0, and the request.
    using Script = std::function<Said(std::size_t number, Asked const& asked)>;

    explicit ScriptedServer(Script script);
    /// All clients are gone by now.
    ~ScriptedServer();
    /// No more clients, and the ones there are lose their connections.
    void hang_up();
    ScriptedServer(ScriptedServer const&) = delete;
    ScriptedServer& operator=(ScriptedServer const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  private:
    void accept_all();
    void stop_accepting();
    void serve(int fd);

    Script script_;
    int listener_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::size_t count_ = 0;
    std::vector<int> sockets_;
    std::vector<std::thread> clients_;
    std::thread acceptor_;
};

}  // namespace ocilot::load
