#pragma once

#include "base/blocking_pool.h"
#include "base/metrics.h"
#include "blob/memory/store.h"
#include "meta/sqlite/store.h"
#include "oci/hasher.h"
#include "registry/list.h"
#include "registry/manifest_cache.h"
#include "registry/pull.h"
#include "registry/push_blob.h"
#include "registry/push_manifest.h"
#include "registry/remove.h"
#include "registry/sessions.h"
#include "registry/upload_records.h"
#include "run.h"

#include <gtest/gtest.h>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::test {

/// A clock that stands still until told to move.
class ManualClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return now_; }
    void advance(std::chrono::seconds by) { now_ += by; }

  private:
    Time now_{std::chrono::seconds(1'700'000'000)};
};

/// A body held in memory, handed out in pieces; breaks off with peer_closed after `breaks_after` bytes.
class TextSource final : public registry::ByteSource {
  public:
    explicit TextSource(std::string_view text, std::size_t breaks_after = std::string_view::npos)
        : text_(text), left_(breaks_after) {}

    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        if (left_ == 0) co_return Error{Errc::peer_closed, "the client went away"};
        auto const n = std::min({out.size(), text_.size(), left_, std::size_t{1000}});
        std::ranges::copy(std::as_bytes(std::span(text_.substr(0, n))), out.begin());
        text_.remove_prefix(n);
        if (left_ != std::string_view::npos) left_ -= n;
        co_return n;
    }

  private:
    std::string_view text_;
    std::size_t left_;
};

inline oci::RepositoryName repository(std::string_view name) {
    return oci::RepositoryName::parse(name).value();
}
inline oci::Digest sha256(std::string_view bytes) {
    return oci::digest_of(oci::Algorithm::sha256, bytes);
}
inline oci::Digest sha512(std::string_view bytes) {
    return oci::digest_of(oci::Algorithm::sha512, bytes);
}
inline oci::Reference tag(std::string_view name) {
    return oci::Tag::parse(name).value();
}

/// A whole registry without HTTP: blobs in memory, facts in SQLite.
class RegistryTest : public ::testing::Test {
  protected:
    Uuid start(oci::Algorithm algorithm = oci::Algorithm::sha256) { return start_as(nobody, algorithm); }
    Uuid start_as(policy::Caller const& caller, oci::Algorithm algorithm = oci::Algorithm::sha256) {
        auto const started = registry::start_upload(parts, caller, name, algorithm);
        segments[started.id] = started.segment;
        return started.id;
    }
    /// The session as its URL names it: unknown to callers and repositories that have not opened it.
    registry::UploadRef ref(Uuid id) { return ref(nobody, name, id); }
    registry::UploadRef ref(policy::Caller const& caller, oci::RepositoryName const& repository, Uuid id) {
        auto const found = registry::find_upload(parts, caller, repository, segments[id]);
        return found.has_value() ? *found : registry::UploadRef{caller, repository, id};
    }
    Result<std::uint64_t> append(Uuid id, std::string_view text, std::optional<std::uint64_t> first = {}) {
        TextSource body(text);
        return run(registry::append_upload(parts, ref(id), {body, first, text.size()}));
    }
    Result<meta::BlobFact> finish(Uuid id, oci::Digest const& digest, std::string_view last = {}) {
        TextSource body(last);
        return run(registry::finish_upload(parts, ref(id), {body, {}, last.size()}, digest));
    }
    oci::Digest push(std::string_view text) {
        TextSource body(text);
        auto const digest = sha256(text);
        EXPECT_TRUE(run(registry::push_blob(parts, nobody, name, {body, {}, {}}, digest)).has_value());
        return digest;
    }
    Result<registry::PushedManifest> push_manifest(std::string_view bytes, oci::Reference const& reference,
                                                   std::string_view type = oci_manifest) {
        return run(registry::push_manifest(parts, {nobody, name, reference, {}, type, bytes}));
    }
    /// An image manifest over a config and layers.
    static std::string image(oci::Digest const& config, std::vector<oci::Digest> const& layers) {
        auto const descriptor = [](oci::Digest const& digest, std::string_view type) {
            return R"({"mediaType":")" + std::string(type) + R"(","digest":")" + digest.str() +
                   R"(","size":3})";
        };
        std::string text = R"({"schemaVersion":2,"config":)" +
                           descriptor(config, "application/vnd.oci.image.config.v1+json") + R"(,"layers":[)";
        for (std::size_t i = 0; i < layers.size(); ++i) {
            text += (i ? "," : "") + descriptor(layers[i], "application/vnd.oci.image.layer.v1.tar");
        }
        return text + "]}";
    }
    /// As after an orderly restart.
    void restart() {
        EXPECT_TRUE(run(registry::record_all(parts)).has_value());
        forget_memory();
    }
    /// As after a kill: what only memory knew is gone.
    void forget_memory() {
        sessions = std::make_unique<registry::UploadSessions>(key, steady, random);
        rebuild();
        EXPECT_TRUE(run(registry::adopt_sessions(parts, std::chrono::hours(24))).has_value());
    }

    static constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";

    MemorySink sink;
    ManualClock clock;
    ManualClock steady;  ///< that nobody sets
    SystemRandom random;
    Metrics metrics;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    blob::MemoryStore blobs;
    std::unique_ptr<meta::MetaStore> meta = meta::SqliteStore::open(":memory:", log, metrics).value();
    policy::OpenGate open_gate;
    meta::UploadKey key{};
    std::unique_ptr<registry::UploadSessions> sessions =
        std::make_unique<registry::UploadSessions>(key, steady, random);
    registry::ManifestCache manifests{1 << 20};
    registry::Rules rules;
    registry::Registry parts{blobs, *meta, open_gate, clock, random, *sessions, manifests, rules};
    std::map<Uuid, std::string> segments;
    policy::Caller nobody;
    oci::RepositoryName name = repository("team/app");

    void rebuild() {
        std::destroy_at(&parts);
        std::construct_at(
            &parts, registry::Registry{blobs, *meta, open_gate, clock, random, *sessions, manifests, rules});
    }
};

}  // namespace ocilot::test
