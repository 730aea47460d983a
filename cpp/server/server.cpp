#include "server/server.h"

#include "base/signals_blocked.h"
#include "net/address.h"
#include "server/parts.h"
#include "server/sync_wait.h"

#include <exception>
#include <fmt/format.h>

namespace ocilot::server {

namespace {

/// `127.0.0.1:5000, [::1]:5000`.
std::string list_of(std::vector<net::Endpoint> const& endpoints) {
    std::string list;
    for (auto const& endpoint : endpoints) {
        if (!list.empty()) list += ", ";
        list += net::format_endpoint(endpoint);
    }
    return list;
}

std::string first_of(std::vector<net::Endpoint> const& endpoints) {
    return endpoints.empty() ? std::string() : net::format_endpoint(endpoints.front());
}

}  // namespace

void Server::Parts::run() {
    running = true;
    for (auto const& worker : workers) worker->start();
    aside->start();
    log.info("serving",
             {{"address", bound.empty() ? std::string("none") : list_of(bound)},
              {"tls", certificates != nullptr},
              {"root", settings.storage.in_memory ? std::string_view("memory") : std::string_view(root)},
              {"threads", std::uint64_t{workers.size()}}});
    log.info("open files and sockets", {{"limit", descriptors},
                                        {"connections", std::uint64_t{max_connections}},
                                        {"configured", std::uint64_t{settings.limits.connections}}});
    if (!debug_bound.empty()) log.info("serving operations", {{"address", list_of(debug_bound)}});
}

void Server::Parts::stop(std::chrono::milliseconds drain_time, std::string_view cause) {
    if (!running) return;
    running = false;
    log.info("stopping", {{"drain_seconds", drain_time.count() / 1000}, {"cause", cause}});
    operations->start_draining();
    job_runner->stop();  // Rounds end while requests do.
    webhooks->stop();
    if (hook_deliveries) hook_deliveries->stop();
    control.reset();
    // A request that waits for a hook or for a plan cannot be cancelled.
    for (auto const& worker : workers) {
        worker->finish(drain_time, [this] {
            retention->stop();
            hooks.mailbox.close();
        });
    }
    for (auto const& worker : workers) worker->join();
    hooks.mailbox.close();  // Only jobs can wait for a hook now, and a round that does cannot be cancelled.
    aside->finish(drain_time, [] {});
    aside->join();
    keep_last_refusals();
    keep_last_pulls();
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
    return first_of(parts_->bound);
}

std::uint16_t Server::port() const noexcept {
    return parts_->bound.empty() ? std::uint16_t{0} : net::port_of(parts_->bound.front());
}

std::string Server::debug_address() const {
    return first_of(parts_->debug_bound);
}

std::string Server::control_socket() const {
    return parts_->control ? parts_->control->path() : std::string();
}

std::string const& Server::root() const noexcept {
    return parts_->root;
}

std::optional<bool> Server::has_accounts() {
    auto const found = sync_wait(parts_->meta->accounts().accounts({.after = {}, .limit = 1}));
    return found.has_value() ? std::optional(!found->items.empty()) : std::nullopt;
}

hookbox::HookBox& Server::hooks() noexcept {
    return parts_->hooks;
}

Result<> Server::reload_tls() {
    if (!parts_->certificates) return {};
    auto reloaded = parts_->certificates->reload();
    if (reloaded.has_error()) {
        parts_->log.error("certificate not reloaded", {{"err", std::string_view(reloaded.error().message)}});
    }
    return reloaded;
}

Result<> Server::reload_access(AccessSettings const& settings) {
    auto groups = policy::GroupMembers::compile(settings.groups);
    if (groups.has_error()) {
        parts_->access->note_failed_reload(groups.error().message);
        return groups.error();
    }
    CHECK(parts_->access->reload(settings));
    parts_->registry->rules.groups.set(*std::move(groups));
    return {};
}

void Server::note_failed_reload(std::string const& reason) {
    parts_->access->note_failed_reload(reason);
}

void Server::print(std::string const& text) {
    parts_->log_sink.write(text);
}

void Server::leave(std::string const& cause) {
    parts_->operations->start_draining();
    parts_->log.info("readiness withdrawn",
                     {{"delay_seconds", std::int64_t{parts_->settings.limits.shutdown_delay.count()}},
                      {"cause", std::string_view(cause)}});
}

void Server::stop(std::string const& cause) {
    parts_->stop(parts_->settings.limits.drain_timeout, cause);
}

}  // namespace ocilot::server
