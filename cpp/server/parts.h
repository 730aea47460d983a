#pragma once

#include "base/blocking_pool.h"
#include "base/log_writer.h"
#include "base/logstash_sink.h"
#include "blob/storage.h"
#include "hookbox/hook_box.h"
#include "http/core/app.h"
#include "http/core/operations.h"
#include "http/routes.h"
#include "jobs/collector.h"
#include "jobs/hook_deliveries.h"
#include "jobs/job_runner.h"
#include "jobs/retention.h"
#include "jobs/webhooks.h"
#include "net/socket_file.h"
#include "net/tls_certificates.h"
#include "registry/manifest_cache.h"
#include "registry/platform_cache.h"
#include "registry/pull_counter.h"
#include "registry/sessions.h"
#include "registry/storage_room.h"
#include "registry/unreadable.h"
#include "server/access.h"
#include "server/connections.h"
#include "server/list_client.h"
#include "server/server.h"
#include "server/worker.h"

#include <optional>
#include <string>
#include <vector>

namespace ocilot::server {

/// All parts of a registry, in the order they are made; they go in the opposite order.
struct Server::Parts {
    explicit Parts(Settings with);
    /// Ends the I/O threads at once if they still run.
    ~Parts() { stop(std::chrono::milliseconds(0)); }
    Parts(Parts const&) = delete;
    Parts& operator=(Parts const&) = delete;

    /// Opens stores and sockets. config.
    Result<> open();
    /// Starts the I/O threads.
    void run();
    /// Ends the I/O threads. `cause` is for the log.
    void stop(std::chrono::milliseconds drain_time, std::string_view cause = {});

    Settings settings;
    std::string root;          ///< absolute; empty in memory
    bool owns_store = true;    ///< whether all blobs are of these metadata
    bool after_crash = false;  ///< whether the process before did not end by itself
    SystemClock clock;
    MonotonicClock steady_clock;
    SystemRandom random;
    Metrics metrics;
    LogWriter log_sink;
    LogWriter access_sink;
    LogstashSink logstash_log;
    LogstashSink logstash_access;
    Log log;
    AccessLog access_log;
    ForwardedWarning forwarded_warning;
    hookbox::HookBox hooks;
    Limits limits;
    net::Networks proxies;
    std::uint64_t descriptors = 0;    ///< most open files and sockets
    std::size_t max_connections = 0;  ///< configured, or what the descriptors carry; 0: any number
    std::optional<Connections> connections;
    MemoryBudget body_memory;
    MemoryBudget upload_memory;
    BlockingPool writing;
    BlockingPool removing;
    BlockingPool reading;
    BlockingPool probing;
    std::unique_ptr<blob::Storage> blobs;
    std::unique_ptr<meta::MetaStore> meta;
    std::optional<auth::Refusals> refusals;
    std::optional<auth::RateLimits> rates;
    std::optional<auth::Rules> metrics_readers;
    std::optional<auth::Rules> retention_readers;
    std::optional<auth::IgnoredPulls> ignored_pulls;
    std::unique_ptr<AccessControl> access;
    std::optional<registry::UploadSessions> sessions;
    registry::ManifestCache manifests;
    registry::PlatformCache platforms;
    registry::UnreadableBlobs unreadable;
    registry::PullCounter pulls;
    std::optional<registry::StorageRoom> room;  ///< none in memory
    std::optional<registry::Registry> registry;
    std::optional<jobs::Collector> collector;
    std::optional<ListClient> list_client;
    std::optional<jobs::Retention> retention;
    std::optional<http::Operations> operations;
    std::optional<auth::AccountManager> account_manager;
    http::Routes const routes = http::all_routes();
    std::optional<http::App> app;
    std::unique_ptr<net::TlsCertificates> certificates;
    std::vector<std::unique_ptr<Worker>> workers;
    /// What runs beside requests: its steps may take milliseconds. It has no connections.
    std::unique_ptr<Worker> aside;
    std::optional<Aside> long_requests;         ///< on the thread of `aside`
    std::optional<jobs::JobRunner> job_runner;  ///< the same
    std::optional<jobs::Webhooks> webhooks;     ///< the same
    std::optional<jobs::HookDeliveries>
        hook_deliveries;               ///< the same; none where no scripts are told of events
    std::vector<net::Endpoint> bound;  ///< empty: only the control socket is served
    std::vector<net::Endpoint> debug_bound;
    std::optional<net::SocketFile> control;
    bool running = false;

  private:
    Result<> open_stores();
    Result<> measure_room();
    Result<> open_access();
    Result<> open_retention();
    /// Begins to count pulls.
    Result<> open_pulls();
    Result<> open_webhooks();
    Result<> open_hooks();
    Result<> open_hook_events();
    Result<> load_certificates();
    Result<> clean_up();
    /// Makes the key of upload sessions, if there is none, and what works with it.
    Result<> open_sessions();
    /// Records how far unfinished uploads are.
    void keep_uploads();
    Result<> listen();
    Result<> listen_to_clients();
    Result<> listen_locally();
    void make_workers();
    Result<> add_jobs();
    Result<> count_descriptors();
    void keep_last_refusals();
    void keep_last_pulls();
    [[nodiscard]] SessionContext session_context(Worker& worker, http::Handler& handler,
                                                 Connections* counted);
};

}  // namespace ocilot::server
