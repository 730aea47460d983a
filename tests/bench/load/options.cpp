#include "options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

namespace ocilot::load {

char const* const help =
    R"(ocilot_load --port P --workload W [OPTIONS]      one thread; prints one JSON object

  --host H --port P       the registry; default host 127.0.0.1
  --tls                   https; certificates are not checked
  --header 'K: V'         sent with every request; may be given again
  --expect N              the status that get, head, streams, idle and mix take for right; default 200

  --connections C         keep-alive connections; default 1
  --seconds S             start requests for S seconds, and wait for their answers
  --requests N            or start N requests; streams and idle default to one a connection
  --warmup S              the same load for S seconds before, uncounted
  --rate R                open loop: R requests a second arrive whether or not earlier ones are answered, and latency is
                          measured from when a request should have started; without it every connection asks again
                          when it is answered
  --arrivals A            of the open loop: poisson (default) or constant

  --workload get, head    --targets FILE: a path a line; --distribution uniform, zipf (with --exponent S, default 1, in
                          the order of the file) or file (one after the other)
             streams      every connection reads the first target again and again; reports how even they were served
             idle         one request a connection, then prints "ready" and holds them until standard input ends
             push         POST and PUT of a new blob of --size bytes (default 4096) to --repository NAME
             push-monolithic   one POST?digest=
             push-big     POST, one PATCH, PUT
             mount        POST?mount=&from= into NAME-RUN-1, NAME-RUN-2 ...;
                          --targets FILE: `digest repository` a line
             mix          --model FILE with --manifests FILE and --blobs FILE, paths in the order of their popularity,
                          and --push-percent W pushes (default 4) of --size bytes to --repository NAME
  --seed N                of choices and arrivals; a random one when not given, and reported. What is pushed or mounted
                          is new in every run all the same

Ends with 0, 1 when more than 0.1 % of the requests failed or the server went away, 2 when nothing could be measured.
)";

namespace {

template <class T>
T number(std::string_view option, std::string_view text) {
    T out{};
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (problem != std::errc{} || end != text.data() + text.size() || out < T{}) {
        throw std::runtime_error(fmt::format("{} needs a number, not '{}'", option, text));
    }
    return out;
}

using Setter = std::function<void(std::string_view option, std::string_view value)>;

Setter text_into(std::string& field) {
    return [&field](std::string_view, std::string_view value) { field = value; };
}

template <class T>
Setter number_into(T& field) {
    return [&field](std::string_view option, std::string_view value) { field = number<T>(option, value); };
}

std::map<std::string_view, Setter> table(Options& options) {
    return {
        {"--host", text_into(options.host)},
        {"--port", number_into(options.port)},
        {"--header", [&](auto, std::string_view value) { options.headers.emplace_back(value); }},
        {"--expect", number_into(options.expect)},
        {"--workload", text_into(options.workload)},
        {"--connections", number_into(options.connections)},
        {"--seconds", number_into(options.seconds)},
        {"--requests", number_into(options.requests)},
        {"--warmup", number_into(options.warmup)},
        {"--rate", number_into(options.rate)},
        {"--arrivals", text_into(options.arrivals)},
        {"--targets", text_into(options.targets)},
        {"--distribution", text_into(options.distribution)},
        {"--exponent", number_into(options.exponent)},
        {"--seed", [&](auto option, auto value) { options.seed = number<std::uint64_t>(option, value); }},
        {"--size", number_into(options.size)},
        {"--repository", text_into(options.repository)},
        {"--model", text_into(options.model)},
        {"--manifests", text_into(options.manifests)},
        {"--blobs", text_into(options.blobs)},
        {"--push-percent", number_into(options.push_percent)},
    };
}

void check(Options const& options) {
    auto const one_of = [](std::string_view option, std::string_view value, auto const&... allowed) {
        if (((value == allowed) || ...)) return;
        throw std::runtime_error(fmt::format("{} does not know '{}'; see --help", option, value));
    };
    one_of("--workload", options.workload, "get", "head", "streams", "idle", "push", "push-monolithic",
           "push-big", "mount", "mix");
    one_of("--distribution", options.distribution, "uniform", "zipf", "file");
    one_of("--arrivals", options.arrivals, "poisson", "constant");
    if (options.port == 0) throw std::runtime_error("--port is missing");
    if (options.connections == 0) throw std::runtime_error("--connections needs at least one");
    if (options.seconds > 0 && options.requests > 0) {
        throw std::runtime_error("--seconds and --requests exclude each other");
    }
    bool const once = options.workload == "idle" || options.workload == "streams";
    if (options.seconds <= 0 && options.requests == 0 && !once) {
        throw std::runtime_error("when to end is missing: --seconds or --requests");
    }
    if (options.workload == "idle" && options.rate > 0) throw std::runtime_error("idle has no --rate");
}

}  // namespace

std::optional<Options> parse_options(int count, char const* const* words) {
    Options options;
    auto const setters = table(options);
    for (int i = 1; i < count; ++i) {
        std::string_view const option = words[i];
        if (option == "--help" || option == "-h") return std::nullopt;
        if (option == "--tls") {
            options.tls = true;
            continue;
        }
        auto const found = setters.find(option);
        if (found == setters.end())
            throw std::runtime_error(fmt::format("{} is no option; see --help", option));
        if (i + 1 == count) throw std::runtime_error(fmt::format("{} needs a value", option));
        found->second(option, words[++i]);
    }
    check(options);
    return options;
}

}  // namespace ocilot::load
