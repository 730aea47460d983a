#include "blob/filesystem/backup_directory.h"
#include "blob/filesystem/data_directory.h"
#include "blob/filesystem/store.h"
#include "blob/memory/store.h"
#include "jobs/uploads.h"
#include "meta/sqlite/store.h"
#include "net/address.h"
#include "net/local_listener.h"
#include "net/url.h"
#include "registry/upload_records.h"
#include "server/cores.h"
#include "server/descriptors.h"
#include "server/import.h"
#include "server/job_list.h"
#include "server/parts.h"
#include "server/process_metrics.h"
#include "server/readers.h"
#include "server/registry_rules.h"
#include "server/sync_wait.h"
#include "server/unknown_blobs.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace ocilot::server {

namespace {

constexpr unsigned removing_threads = 8;                   // They wait for the disk, started when needed.
constexpr unsigned probing_threads = 1;                    // One probe at a time.
constexpr std::size_t long_requests_at_once = 2;           // Each may hold a repository in memory.
constexpr std::chrono::milliseconds access_log_delay{10};  // One wake-up for hundreds of lines.
constexpr std::size_t log_bytes = 4 * 1024 * 1024;         // That wait for a reader.
constexpr std::size_t manifest_cache_bytes = 64 * 1024 * 1024;

Limits limits_of(Settings const& settings) {
    Limits limits;
    limits.head = settings.limits.header;
    limits.request_line = std::min(limits.request_line, settings.limits.header);
    limits.head_time = settings.limits.header_timeout;
    limits.idle_time = settings.limits.idle_timeout;
    limits.body_rate = settings.limits.body_rate;
    limits.body_grace = settings.limits.body_grace;
    return limits;
}

http::AppSettings app_settings(Settings const& settings) {
    http::AppSettings out;
    out.urls = {settings.answers.host, settings.answers.prefix, settings.answers.relative_urls};
    out.catalog_limit = settings.answers.catalog_limit;
    out.catalog_default = std::min(out.catalog_default, settings.answers.catalog_limit);
    out.tags_limit = settings.answers.tags_limit;
    out.headers = settings.answers.headers;
    out.cors = {settings.answers.cors_origins, settings.answers.cors_credentials};
    out.operations = settings.listen.debug_address.empty();
    return out;
}

/// Where a proxy of one's own stands. It is believed how clients reach the registry; who they are only if it
/// is configured: behind the port mapping of a container every client comes from such an address.
std::vector<std::string> private_networks() {
    return {"127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
}

LogSink& chosen(bool logstash, LogSink& yes, LogSink& no) {
    return logstash ? yes : no;
}

bool is_loopback(net::Endpoint const& endpoint) {
    auto const text = net::format_endpoint(endpoint);
    boost::system::error_code problem;
    auto const address = asio::ip::make_address(net::without_port(text), problem);
    return !problem && address.is_loopback();
}

/// What an open registry on a loopback address answers to: else any web page could use it, under a name of
/// its own that it makes lead here.
http::HostNames host_names_of(Settings const& settings, bool checked) {
    http::HostNames names{.checked = checked, .names = {"localhost", "127.0.0.1"}};
    for (auto const& name : settings.answers.host_names) {
        if (name == "*") names.checked = false;
        names.names.push_back(name);
    }
    if (auto const url = net::parse_url(settings.answers.host); url.has_value())
        names.names.push_back(url->host);
    if (auto const own = net::parse_address(settings.listen.address); own.has_value())
        names.names.push_back(own->host);
    for (auto& name : names.names) {
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return names;
}

Counter& dropped_lines(Metrics& metrics, std::string_view log) {
    return metrics.counter("ocilot_log_lines_dropped_total",
                           "Log lines dropped because standard error was not read.",
                           {{"log", std::string(log)}});
}

Result<std::vector<auth::RateRule>> rate_rules_of(Settings const& settings) {
    std::vector<auth::RateRule> rules;
    for (auto const& given : settings.rate_limits) {
        auth::RateRule rule;
        for (auto const& word : given.classes) {
            auto const kind = auth::parse_request_class(word);
            if (!kind) {
                return Error{
                    Errc::config,
                    fmt::format("unknown request class \"{}\": expected manifests, reads, writes or logins",
                                word)};
            }
            rule.classes.push_back(*kind);
        }
        if (given.requests == 0 || given.window.count() == 0) {
            return Error{Errc::config, "invalid rate limit: expected requests and window above zero"};
        }
        rule.per_address = given.per_address;
        rule.anonymous = given.who != "named";
        rule.named = given.who != "anonymous";
        rule.requests = given.requests;
        rule.window = given.window;
        rules.push_back(std::move(rule));
    }
    return rules;
}

}  // namespace

Server::Parts::Parts(Settings with)
    : settings(std::move(with)),
      log_sink(STDERR_FILENO, log_bytes, dropped_lines(metrics, "log")),
      access_sink(STDOUT_FILENO, log_bytes, dropped_lines(metrics, "access"), access_log_delay),
      logstash_log(log_sink, "ocilot"),
      logstash_access(access_sink, "access"),
      log(chosen(settings.log.logstash, logstash_log, log_sink), clock, settings.log.format,
          settings.log.level),
      access_log(chosen(settings.log.logstash, logstash_access, access_sink), settings.log.format),
      forwarded_warning(log),
      hooks(metrics, log),
      limits(limits_of(settings)),
      body_memory(settings.limits.body_memory, metrics, "bodies"),
      upload_memory(settings.limits.upload_memory, metrics, "uploads"),
      writing(settings.pools.writing, metrics, "write"),
      removing(removing_threads, metrics, "remove"),
      reading(settings.pools.reading, metrics, "read"),
      probing(probing_threads, metrics, "probe"),
      manifests(manifest_cache_bytes),
      unreadable(log, metrics),
      pulls(metrics) {}

Result<> Server::Parts::open() {
    CHECK(count_descriptors());
    TRY(proxies, net::Networks::parse(settings.listen.trusted_proxies.value_or(private_networks())));
    CHECK(load_certificates());
    describe_process(metrics, clock, certificates.get());
    CHECK(open_stores());
    CHECK(measure_room());
    CHECK(open_sessions());
    CHECK(open_hooks());
    CHECK(open_access());
    TRY(auto const rules, rules_of(settings));
    registry.emplace(registry::Registry{*blobs, *meta, hooks.gate, clock, random, *sessions, manifests, rules,
                                        &unreadable, &upload_memory, room ? &*room : nullptr, nullptr,
                                        &platforms});
    auto collect_rules = collect_rules_of(settings, root, owns_store);
    collect_rules.after_crash = after_crash;
    collector.emplace(*registry, *blobs, collect_rules, log, metrics);
    CHECK(open_pulls());
    make_workers();
    CHECK(open_retention());
    operations.emplace(*registry, metrics, &*retention);
    auto with = app_settings(settings);
    with.challenge = access->challenge();
    account_manager.emplace(
        auth::AccountManager::Parts{meta->accounts(), meta->tokens(), reading, clock, random});
    CHECK(open_webhooks());
    TRY(auto rate_rules, rate_rules_of(settings));
    if (!rate_rules.empty()) rates.emplace(std::move(rate_rules), metrics);
    TRY(metrics_readers, readers_of(settings, settings.operations.metrics_readers, "ocilot.metrics.readers"));
    app.emplace(http::AppParts{.routes = routes,
                               .registry = *registry,
                               .guard = access->guard(),
                               .operations = *operations,
                               .tokens = access->tokens(),
                               .account_manager = &*account_manager,
                               .hooks = &hooks.control,
                               .jobs = &*job_runner,
                               .collector = &*collector,
                               .retention = &*retention,
                               .hook_deliveries = hook_deliveries ? &*hook_deliveries : nullptr,
                               .webhooks = &*webhooks,
                               .rates = rates ? &*rates : nullptr,
                               .refusals = &*refusals,
                               .metrics_readers = &*metrics_readers,
                               .retention_readers = &*retention_readers,
                               .quota_refusals = &metrics.counter("ocilot_quota_refusals_total",
                                                                  "Requests refused by a quota."),
                               .ignored_pulls = &*ignored_pulls},
                std::move(with));
    CHECK(listen());
    // A start that fails takes nothing over from the process before. No thread serves requests yet.
    CHECK(clean_up());
    app->set_host_names(host_names_of(
        settings, access->guard().open() && !bound.empty() && std::ranges::all_of(bound, is_loopback)));
    return add_jobs();
}

Result<> Server::Parts::count_descriptors() {
    TRY(descriptors, raise_descriptor_limit());
    auto const carried = connections_within(descriptors);
    if (settings.limits.connections > 0) max_connections = std::min(settings.limits.connections, carried);
    connections.emplace(max_connections, settings.limits.client_connections, settings.limits.counts_trusted);
    return {};
}

Result<> Server::Parts::load_certificates() {
    if (settings.tls.certificate.empty() && settings.tls.key.empty()) {
        if (settings.tls.client_authorities.empty()) return {};
        return Error{Errc::config, "client certificates need TLS: set http.tls.certificate and http.tls.key"};
    }
    if (settings.tls.certificate.empty() || settings.tls.key.empty()) {
        return Error{Errc::config,
                     "TLS needs a certificate and a key: set both http.tls.certificate and http.tls.key"};
    }
    net::TlsSettings tls;
    tls.certificate_file = settings.tls.certificate;
    tls.key_file = settings.tls.key;
    tls.client_authority_files = settings.tls.client_authorities;
    tls.client_certificate_required = settings.tls.client_required;
    TRY(tls.minimum, net::parse_tls_version(settings.tls.minimum));
    TRY(tls.suites, net::TlsSuites::parse(settings.tls.suites));
    TRY(certificates, net::TlsCertificates::load(std::move(tls)));
    return {};
}

Result<> Server::Parts::open_stores() {
    if (settings.storage.in_memory) {
        blobs = std::make_unique<blob::MemoryStore>();
        TRY(meta, meta::SqliteStore::open(":memory:", log, metrics, counting_of(settings)));
        return {};
    }
    std::error_code failure;
    auto const directory = std::filesystem::absolute(settings.storage.root, failure).lexically_normal();
    if (failure) {
        return Error{Errc::config, fmt::format("invalid data directory \"{}\": {}", settings.storage.root,
                                               failure.message())};
    }
    root = directory.string();
    if (blob::is_backup(directory)) return blob::cannot_serve_backup(directory);
    TRY(blobs, blob::FilesystemStore::open(directory, {writing, reading, removing, probing}, random));
    auto const database = (directory / "ocilot" / "meta.sqlite").string();
    TRY(owns_store, owns_blobs(root, database, *blobs, log));
    after_crash = meta::SqliteStore::was_left_open(database);
    TRY(meta, meta::SqliteStore::open(database, log, metrics, counting_of(settings)));
    if (auto const open = blob::readable_by_others(directory); !open.empty()) {
        log.warn("blobs are readable by other users: run `chmod o-rwx` on the directory",
                 {{"directory", std::string_view(open)}});
    }
    if (awaits_import(root)) {
        log.warn(
            "the data directory has repositories of distribution that are not served, and no garbage is "
            "collected; stop, run `ocilot adopt`, and start again",
            {{"root", std::string_view(root)}});
    }
    return {};
}

Result<> Server::Parts::measure_room() {
    if (settings.storage.in_memory) return {};
    room.emplace(registry::StorageRoom::Parts{*blobs, steady_clock, log, metrics}, settings.storage.reserve,
                 root);
    return sync_wait(room->measure());
}

Result<> Server::Parts::open_sessions() {
    meta::UploadKey fresh{};
    random.fill(fresh);
    TRY(auto const key, sync_wait(meta->uploads().key(fresh)));
    sessions.emplace(key, steady_clock, random);
    return {};
}

Result<> Server::Parts::open_access() {
    refusals.emplace(meta->journal(), clock, metrics);
    auto with = settings.auth;
    with.certificates = !settings.tls.client_authorities.empty();
    TRY(access,
        AccessControl::open(std::move(with), {hooks.gate, clock, random, log, metrics, meta->accounts(),
                                              meta->tokens(), meta->keys(), *refusals}));
    auto const prepared = sync_wait(access->prepare());
    if (prepared.has_value()) return {};
    return Error{Errc::config, fmt::format("cannot prepare the signing keys: {}", prepared.error().message)};
}

Result<> Server::Parts::clean_up() {
    auto const swept = sync_wait(jobs::sweep_orphaned_uploads(*registry, *blobs));
    if (swept.has_error()) {
        return Error{Errc::config, fmt::format("cannot remove orphaned uploads: {}", swept.error().message)};
    }
    if (*swept > 0) log.info("removed orphaned uploads", {{"uploads", std::uint64_t{*swept}}});
    return sync_wait(jobs::adopt_uploads(*registry, registry->rules.upload_age));
}

void Server::Parts::keep_uploads() {
    auto const kept = sync_wait(registry::record_all(*registry));
    if (kept.has_error()) {
        log.warn("unfinished uploads not recorded", {{"err", kept.error().message}});
    }
}

void Server::Parts::keep_last_refusals() {
    auto const kept = sync_wait(refusals->flush());
    if (kept.has_error()) log.error("last refusals not recorded", {{"err", kept.error().message}});
}

SessionContext Server::Parts::session_context(Worker& worker, http::Handler& handler, Connections* counted) {
    auto const* const lines = settings.log.access ? &access_log : nullptr;
    SessionContext context{handler, clock,   random,         log,    lines, worker.metrics(), worker.dates(),
                           limits,  proxies, worker.spare(), counted};
    context.names_clients = settings.listen.trusted_proxies.has_value();
    context.memory = &body_memory;
    context.forwarded = &forwarded_warning;
    return context;
}

void Server::Parts::make_workers() {
    auto const wanted = settings.listen.threads != 0 ? settings.listen.threads : usable_cores();
    for (unsigned i = 0; i < wanted; ++i)
        workers.push_back(std::make_unique<Worker>(metrics, log, Turns::brief));
    aside = std::make_unique<Worker>(metrics, log, Turns::patient);
    long_requests.emplace(aside->context().get_executor(), long_requests_at_once, metrics, "plan");
    job_runner.emplace(aside->context().get_executor(),
                       jobs::JobParts{clock, log, metrics, meta->leases(), Uuid::random(random).str()});
}

Result<> Server::Parts::listen() {
    if (!settings.listen.address.empty()) {
        CHECK(listen_to_clients());
    }
    CHECK(listen_locally());
    if (settings.listen.debug_address.empty()) return {};
    auto& first = *workers.front();
    TRY(auto debug, net::listen_everywhere(first.context(), settings.listen.debug_address));
    for (auto& acceptor : debug) {
        debug_bound.push_back(acceptor.local_endpoint());
        // Whoever looks after a full registry still gets in.
        first.add_listener(std::move(acceptor), nullptr, session_context(first, *operations, nullptr));
    }
    return {};
}

Result<> Server::Parts::listen_to_clients() {
    auto& first = *workers.front();
    TRY(auto acceptors, net::listen_everywhere(first.context(), settings.listen.address));
    for (auto& acceptor : acceptors) {
        bound.push_back(acceptor.local_endpoint());
        for (std::size_t i = 1; i < workers.size(); ++i) {
            TRY(auto shared, net::share(acceptor, workers[i]->context()));
            workers[i]->add_listener(std::move(shared), certificates.get(),
                                     session_context(*workers[i], *app, &*connections));
        }
        first.add_listener(std::move(acceptor), certificates.get(),
                           session_context(first, *app, &*connections));
    }
    return {};
}

Result<> Server::Parts::listen_locally() {
    auto path = settings.listen.control_socket;
    if (path.empty() && settings.storage.in_memory) return {};
    if (path.empty()) path = (std::filesystem::path(root) / "ocilot" / "control.sock").string();
    auto& first = *workers.front();
    TRY(auto acceptor, net::listen_locally(first.context(), path));
    control.emplace(std::move(path));
    auto context = session_context(first, *app, nullptr);
    context.local = true;
    first.add_listener(std::move(acceptor), nullptr, context);
    return {};
}

Result<> Server::Parts::add_jobs() {
    TRY(auto list, job_list({settings, *registry, *blobs, *collector, *retention, *refusals, *access,
                             certificates.get(), reading, log, metrics}));
    for (auto& job : list) job_runner->add(std::move(job));
    aside->add_background(job_runner->run());
    if (settings.events.webhooks) aside->add_background(webhooks->run());
    return {};
}

}  // namespace ocilot::server
