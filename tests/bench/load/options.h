#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::load {

/// What the command line asks for; `ocilot_load --help` describes each.
struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    bool tls = false;
    std::vector<std::string> headers;
    std::uint64_t expect = 200;

    std::string workload;
    std::uint64_t connections = 1;
    double seconds = 0;
    std::uint64_t requests = 0;
    double warmup = 0;
    double rate = 0;
    std::string arrivals = "poisson";

    std::string targets;
    std::string distribution = "uniform";
    double exponent = 1;
    std::optional<std::uint64_t> seed;
    /// Tells this run from all others: what it pushes and mounts is new to a server that saw another run with
    /// its seed.
    std::uint64_t run = 0;

    std::uint64_t size = 4096;
    std::string repository = "bench";

    std::string model;
    std::string manifests;
    std::string blobs;
    double push_percent = 4;
};

/// Nothing when help was asked for. Throws std::runtime_error with a sentence when the line cannot be
/// understood.
std::optional<Options> parse_options(int count, char const* const* words);

extern char const* const help;

}  // namespace ocilot::load
