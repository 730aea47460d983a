#include "blob/filesystem/blob_walk.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace ocilot::blob {

namespace {

using Names = std::vector<std::string>;

bool is_shard(std::string const& name) {
    auto const hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return name.size() == 2 && std::ranges::all_of(name, hex);
}

class Walk {
  public:
    Walk(Files& files, int blobs, std::optional<oci::Digest> const& after, std::size_t limit)
        : files_(files), blobs_(blobs), after_(after), limit_(limit) {}

    Result<Listing> run() {
        if (!after_) {
            TRY(auto const names, list("."));
            for (auto const& name : names) {
                if (oci::parse_algorithm(name).has_error()) stray(name);
            }
        }
        for (auto const algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
            if (after_ && after_->algorithm() > algorithm) continue;
            CHECK(walk_algorithm(algorithm));
        }
        return std::move(found_);
    }

  private:
    [[nodiscard]] bool full() const { return found_.digests.size() >= limit_; }
    void stray(std::string path) { found_.strays.push_back(std::move(path)); }

    /// Sorted; empty if it has gone, and a stray if it is no directory.
    Result<Names> list(std::string const& path) {
        Names names;
        int const listed = files_.list(blobs_, path.c_str(), names);
        if (listed == -ENOTDIR) stray(path);
        if (listed < 0 && listed != -ENOENT && listed != -ENOTDIR) {
            return system_error(-listed, fmt::format("cannot list {} among the blobs", path));
        }
        std::ranges::sort(names);
        return names;
    }

    Result<> walk_algorithm(oci::Algorithm algorithm) {
        std::string const path(to_string(algorithm));
        bool const begun = after_ && after_->algorithm() == algorithm;
        auto const begin = begun ? after_->hex().substr(0, 2) : std::string();
        if (full()) return {};
        TRY(auto const shards, list(path));
        for (auto const& shard : shards) {
            if (!is_shard(shard)) {
                if (!begun) stray(fmt::format("{}/{}", path, shard));
                continue;
            }
            if (shard < begin || full()) continue;
            CHECK(walk_shard(path, shard, begun && shard == begin));
        }
        return {};
    }

    Result<> walk_shard(std::string const& algorithm, std::string const& shard, bool begun) {
        TRY(auto const names, list(fmt::format("{}/{}", algorithm, shard)));
        auto const last = begun ? after_->hex() : std::string();
        // A walk that is full stops before a name; what is no blob was told when the shard was entered.
        for (auto const& name : names) {
            auto const digest = oci::Digest::parse(fmt::format("{}:{}", algorithm, name));
            if (digest.has_error() || !name.starts_with(shard)) {
                if (!begun) stray(fmt::format("{}/{}/{}", algorithm, shard, name));
            } else if (name > last && !full()) {
                CHECK(look_into(fmt::format("{}/{}/{}", algorithm, shard, name), *digest));
            }
        }
        return {};
    }

    /// A directory without a file is what a removal or a push under way leaves.
    Result<> look_into(std::string const& path, oci::Digest const& digest) {
        TRY(auto const names, list(path));
        for (auto const& name : names) {
            if (name == "data") {
                found_.digests.push_back(digest);
            } else {
                stray(fmt::format("{}/{}", path, name));
            }
        }
        return {};
    }

    Files& files_;
    int blobs_;
    std::optional<oci::Digest> const& after_;
    std::size_t limit_;
    Listing found_;
};

}  // namespace

Result<Listing> walk_blobs(Files& files, int blobs, std::optional<oci::Digest> const& after,
                           std::size_t limit) {
    return Walk(files, blobs, after, limit).run();
}

}  // namespace ocilot::blob
