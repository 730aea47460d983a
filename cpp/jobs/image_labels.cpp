#include "jobs/image_labels.h"

#include "registry/read_whole.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

using retention::Index;
using Config = std::shared_ptr<ImageConfig const>;

constexpr std::uint64_t largest_config = 1024 * 1024;  // Bytes, as for hooks.
constexpr std::size_t largest_kept = 4 * 1024;         // Bytes of labels.
constexpr std::size_t images_at_once = 50;             // Some milliseconds.
constexpr std::array image_configs{std::string_view("application/vnd.oci.image.config.v1+json"),
                                   std::string_view("application/vnd.docker.container.image.v1+json")};
constexpr std::string_view statement = "application/vnd.in-toto+json";

/// An attestation has the configuration of an image that nobody can run.
bool is_image(oci::Manifest const& manifest) {
    if (!manifest.config ||
        std::ranges::find(image_configs, manifest.config->media_type) == image_configs.end())
        return false;
    auto const is_statement = [](oci::Descriptor const& layer) { return layer.media_type == statement; };
    return manifest.layers.empty() || !std::ranges::all_of(manifest.layers, is_statement);
}

/// A client wrote this, and may have written anything.
oci::Annotations labels_of(std::string const& config) {
    oci::Annotations labels;
    auto const document = nlohmann::json::parse(config, nullptr, false);
    if (!document.is_object()) return labels;
    auto const inner = document.find("config");
    if (inner == document.end() || !inner->is_object()) return labels;
    auto const given = inner->find("Labels");
    if (given == inner->end() || !given->is_object()) return labels;
    for (auto const& [key, value] : given->items()) {
        if (value.is_string()) labels.emplace(key, value.get<std::string>());
    }
    return labels;
}

Task<Result<std::string>> read_small(registry::Registry& registry, oci::Digest digest, std::uint64_t most) {
    CO_TRY(auto const blob, co_await registry.blobs.open(digest));
    if (blob->size() > most) co_return Error{Errc::unavailable, "it is too large to be read"};
    co_return co_await registry::read_whole(*blob, digest);
}

std::size_t size_of(oci::Annotations const& labels) {
    std::size_t size = 0;
    for (auto const& [key, value] : labels) size += key.size() + value.size();
    return size;
}

class LabelReader {
  public:
    LabelReader(registry::Registry& registry, ImageConfigs& known, LabelKeys const& keys,
                retention::Repository& repository, Round const& round)
        : registry_(registry), known_(known), keys_(keys), repository_(repository), round_(round) {
        for (auto const& [child, parent] : repository.parents) children_.emplace_back(parent, child);
        std::ranges::sort(children_);
    }

    Task<Result<>> run() {
        std::vector<bool> done(repository_.manifests.size());
        std::size_t number = 0;
        for (auto const& tag : repository_.tags) {
            if (done[tag.manifest] || retention::subject_of_tag(tag.name)) continue;
            done[tag.manifest] = true;
            auto labels = co_await labels_below(tag.manifest);
            if (labels.has_value()) keep(*std::move(labels), tag.manifest);
            if (++number % images_at_once == 0) {
                CO_CHECK(co_await round_.pause_until(Round::Ticks::now()));
            }
        }
        co_return Result<>();
    }

  private:
    /// Only what rules need, and no more than is right for a label: many tags may have one configuration.
    void keep(oci::Annotations labels, Index manifest) {
        std::erase_if(labels, [&](auto const& label) { return !keys_.contains(label.first); });
        if (size_of(labels) <= largest_kept) repository_.manifests[manifest].labels = std::move(labels);
    }
    /// Those that all images below a manifest have, itself if it is one.
    Task<Result<oci::Annotations>> labels_below(Index top) {
        std::optional<oci::Annotations> common;
        std::unordered_set<Index> seen{top};
        std::vector<Index> open{top};
        while (!open.empty()) {
            auto const index = open.back();
            open.pop_back();
            auto const children = std::ranges::equal_range(children_, index, {}, &Pairs::value_type::first);
            for (auto const& [parent, child] : children) {
                if (seen.insert(child).second) open.push_back(child);
            }
            if (!children.empty()) continue;
            CO_TRY(auto const config, co_await config_of(repository_.manifests[index]));
            if (!config->is_image) continue;
            if (!common) common = config->labels;
            std::erase_if(*common, [&](auto const& label) {
                auto const found = config->labels.find(label.first);
                return found == config->labels.end() || found->second != label.second;
            });
        }
        co_return common.value_or(oci::Annotations());
    }
    Task<Result<Config>> config_of(retention::ManifestEntry const& entry) {
        auto const& digest = entry.digest;
        if (auto known = known_.find(digest.str())) co_return std::move(*known);
        CO_TRY(auto const bytes, co_await read_small(registry_, digest, registry_.rules.manifest_limit));
        CO_TRY(auto const manifest, oci::parse_manifest(bytes, entry.media_type, registry_.rules.json));
        // Who has none of the images of an index does not know their labels.
        if (!manifest.manifests.empty()) co_return Error{Errc::unavailable, "its images are not here"};
        ImageConfig found{.is_image = is_image(manifest)};
        if (found.is_image) {
            CO_TRY(auto const config,
                   co_await read_small(registry_, manifest.config->digest, largest_config));
            found.labels = labels_of(config);
        }
        auto made = std::make_shared<ImageConfig const>(std::move(found));
        if (size_of(made->labels) <= largest_kept) known_.put(digest.str(), made);
        co_return made;
    }

    using Pairs = std::vector<std::pair<Index, Index>>;
    registry::Registry& registry_;
    ImageConfigs& known_;
    LabelKeys const& keys_;
    retention::Repository& repository_;
    Round const& round_;
    Pairs children_;
};

}  // namespace

Task<Result<>> read_labels(registry::Registry& registry, ImageConfigs& known, LabelKeys const& keys,
                           retention::Repository& repository, Round const& round) {
    LabelReader reader(registry, known, keys, repository, round);
    co_return co_await reader.run();
}

}  // namespace ocilot::jobs
