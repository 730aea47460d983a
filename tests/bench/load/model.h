#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::load {

/// The reads of a production registry as they were measured: tests/bench/trace_model.json.
struct Model {
    enum Kind : std::size_t { v2, manifests, blobs };

    using Curve = std::vector<std::pair<double, double>>;

    /// next[a][b] is the share of the requests after one of kind a that are of kind b.
    std::array<std::array<double, 3>, 3> next{};
    /// Share of all requests that the n most wanted have, as points (n, share).
    Curve manifest_shares;
    Curve blob_shares;

    /// Throws std::runtime_error when the file is missing or is no such model.
    static Model read(std::string const& path);
};

}  // namespace ocilot::load
