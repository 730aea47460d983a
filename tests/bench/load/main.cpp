// Puts load on a registry and says how it answered: see options.cpp for what it can do.
#include "engine.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <sys/resource.h>

namespace {

using namespace ocilot::load;

/// As many connections as the system allows.
void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint64_t random_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 20U ^ device();  // Below 2^53, which every reader of JSON keeps.
}

int run(Options options) {
    if (options.workload == "idle") options.warmup = 0;
    bool const once = options.workload == "idle" || (options.workload == "streams" && options.seconds <= 0);
    if (once && options.requests == 0) options.requests = options.connections;
    options.run = random_seed();
    auto const seed = options.seed ? *options.seed : random_seed();
    Target const target(options.host, options.port, options.tls);
    auto const workload = make_workload(options, seed);
    auto const engine = std::make_unique<Engine>(options, target, *workload, seed);
    engine->connect();
    engine->run();
    auto const& tally = engine->tally();
    std::string more;
    if (options.workload == "idle") {
        auto const closed = engine->hold();
        more = fmt::format(R"(,"open":{},"closed":{})", options.connections - closed, closed);
    }
    fmt::print("{},\"connections\":{},\"reconnects\":{},\"cpu_seconds\":{:.3f},\"seed\":{}{}}}\n",
               tally.json(options.workload, engine->seconds()), options.connections, engine->reconnects(),
               engine->cpu_seconds(), seed, more);
    if (tally.errors() > 0) {
        fmt::print(stderr, "ocilot_load: {} errors, the first: {}\n", tally.errors(), tally.reason());
    }
    bool const nothing = tally.requests() == 0 && tally.bytes() == 0;
    return nothing || engine->gave_up() || tally.errors() * 1'000 > tally.requests() + tally.errors() ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        auto const options = parse_options(count, words);
        if (!options) {
            std::fputs(help, stdout);
            return 0;
        }
        std::signal(SIGPIPE, SIG_IGN);
        raise_descriptor_limit();
        return run(*options);
    } catch (std::exception const& problem) {
        fmt::print(stderr, "ocilot_load: {}\n", problem.what());
        return 2;
    }
}
