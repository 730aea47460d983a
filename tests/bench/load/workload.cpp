#include "workload.h"

#include <fmt/format.h>
#include <fstream>
#include <stdexcept>

namespace ocilot::load {

std::vector<std::string> read_lines(std::string const& path, std::string_view option) {
    if (path.empty()) throw std::runtime_error(fmt::format("{} FILE is missing", option));
    std::ifstream file(path);
    if (!file) throw std::runtime_error(fmt::format("{} cannot be read", path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) lines.push_back(line);
    }
    if (lines.empty()) throw std::runtime_error(fmt::format("{} names no target", path));
    return lines;
}

std::vector<std::string> read_paths(std::string const& path, std::string_view option) {
    auto lines = read_lines(path, option);
    for (auto const& line : lines) {
        if (line.front() != '/') throw std::runtime_error(fmt::format("{}: '{}' is no path", path, line));
    }
    return lines;
}

std::string common_fields(Options const& options) {
    bool const v6 = options.host.find(':') != std::string::npos;
    auto fields = fmt::format(" HTTP/1.1\r\nHost: {}{}{}:{}\r\n", v6 ? "[" : "", options.host, v6 ? "]" : "",
                              options.port);
    for (auto const& header : options.headers) {
        if (header.find(':') == std::string::npos) {
            throw std::runtime_error(fmt::format("--header needs 'Name: value', not '{}'", header));
        }
        fields += header + "\r\n";
    }
    return fields;
}

std::unique_ptr<Workload> make_workload(Options const& options, std::uint64_t seed) {
    if (options.workload == "mix") return make_mix(options, seed);
    if (options.workload == "mount") return make_mounts(options);
    if (options.workload.starts_with("push")) return make_pushes(options);
    return make_reads(options, seed);
}

}  // namespace ocilot::load
