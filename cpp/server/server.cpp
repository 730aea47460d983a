#include "server/server.h"

#include "net/address.h"
#include "server/parts.h"
#include "server/signals.h"

#include <exception>
#include <fmt/format.h>

namespace ocilot::server {

void Server::Parts::run() {
    running = true;
    for (auto const& worker : workers) worker->start();
    log.info("serving",
             {{"address", bound ? net::format_endpoint(*bound) : std::string("none")},
              {"tls", certificates != nullptr},
              {"root", settings.storage.in_memory ? std::string_view("memory") : std::string_view(root)},
              {"threads", std::uint64_t{workers.size()}}});
    log.info("open files and sockets", {{"limit", descriptors},
                                        {"connections", std::uint64_t{most_connections}},
                                        {"configured", std::uint64_t{settings.limits.connections}}});
    if (debug_bound) log.info("serving operations", {{"address", net::format_endpoint(*debug_bound)}});
}

void Server::Parts::stop(std::chrono::milliseconds drain_time) {
    if (!running) return;
    running = false;
    log.info("stopping", {{"drain_seconds", drain_time.count() / 1000}});
    operations->start_draining();
    job_runner->stop();  // Rounds end while requests do.
    control.reset();
    // A request that waits for a hook cannot be cancelled.
    for (auto const& worker : workers) worker->finish(drain_time, [this] { hooks.mailbox.close(); });
    for (auto const& worker : workers) worker->join();
    keep_last_refusals();
    hooks.mailbox.close();
    keep_uploads();
    log.info("stopped");
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(Settings settings) {
    try {
        SignalsBlocked const blocked;  // For the threads of the stores and the pool.
        auto parts = std::make_unique<Parts>(std::move(settings));
        CHECK(parts->open());
        parts->run();
        return std::unique_ptr<Server>(new Server(std::move(parts)));
    } catch (std::exception const& problem) {
        return Error{Errc::config, fmt::format("the registry cannot start: {}", problem.what())};
    }
}

std::string Server::address() const {
    return parts_->bound ? net::format_endpoint(*parts_->bound) : std::string();
}

std::uint16_t Server::port() const noexcept {
    return parts_->bound ? net::port_of(*parts_->bound) : std::uint16_t{0};
}

std::string Server::debug_address() const {
    return parts_->debug_bound ? net::format_endpoint(*parts_->debug_bound) : std::string();
}

std::string Server::control_socket() const {
    return parts_->control ? parts_->control->path() : std::string();
}

std::string const& Server::root() const noexcept {
    return parts_->root;
}

hookbox::HookBox& Server::hooks() noexcept {
    return parts_->hooks;
}

Result<> Server::reload_tls() {
    if (!parts_->certificates) return {};
    return parts_->certificates->reload();
}

Result<> Server::reload_access(AccessSettings const& settings) {
    return parts_->access->reload(settings);
}

void Server::note_failed_reload(std::string const& reason) {
    parts_->access->note_failed_reload(reason);
}

void Server::stop() {
    parts_->stop(parts_->settings.limits.drain_timeout);
}

}  // namespace ocilot::server
