#pragma once

#include "a_request.h"
#include "base/metrics.h"
#include "blob/memory/store.h"
#include "http/core/app.h"
#include "http/core/errors.h"
#include "http/core/operations.h"
#include "http/routes.h"
#include "meta/sqlite/store.h"
#include "oci/hasher.h"
#include "registry/manifest_cache.h"
#include "registry/sessions.h"
#include "run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

namespace ocilot::http::test {

/// A gate that says no to one thing: access to a repository, or a push of anything.
class OneNo final : public policy::OpenGate {
  public:
    std::set<std::pair<std::string, policy::Action>> closed;  ///< repository and action refused
    std::string refused_manifests;                            ///< reason to admit no manifest; empty: all

    bool refuses_blobs = false;  ///< admit no blob
    int asked_to_pull = 0;       ///< questions whether somebody may pull

    [[nodiscard]] bool asks(policy::Point) const noexcept override { return true; }
    Task<Result<std::optional<policy::Decision>>> authorize(policy::Caller const&,
                                                            policy::Access const& access) override {
        if (access.action == policy::Action::pull) ++asked_to_pull;
        if (!access.repository || !closed.contains({access.repository->str(), access.action})) {
            co_return std::optional<policy::Decision>{};
        }
        co_return std::optional(policy::Decision::deny("closed for the holidays"));
    }
    Task<Result<policy::Decision>> admit_manifest(policy::ManifestPush) override {
        if (refused_manifests.empty()) co_return policy::Decision::allow();
        co_return policy::Decision::deny(refused_manifests);
    }
    Task<Result<policy::Decision>> admit_blob(policy::BlobPush) override {
        if (refuses_blobs) co_return policy::Decision::deny("no blobs today");
        co_return policy::Decision::allow();
    }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion) override {
        co_return policy::Decision::allow();
    }
};

struct FixedClock final : Clock {
    [[nodiscard]] Time now() const override { return Time(std::chrono::seconds(1'700'000'000)); }
};

/// A whole registry behind the protocol, without a socket: blobs in memory, facts in SQLite.
class AppTest : public ::testing::Test {
  protected:
    struct Answer {
        Response response;
        std::string text;  ///< the body, wherever it came from
        [[nodiscard]] unsigned status() const { return response.status; }
        [[nodiscard]] std::string operator[](std::string_view name) const { return value(response, name); }
        [[nodiscard]] bool says(std::string_view part) const { return text.find(part) != std::string::npos; }
    };

    Answer ask(Method method, std::string const& target, Headers headers = {},
               std::string_view content = {}) {
        TextSource source(content);
        Request request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        request.headers.emplace_back("Host", "r.test");
        request.body = &source;
        request.has_body = !content.empty();
        if (!chunked && !content.empty()) request.content_length = content.size();
        request.peer = "192.0.2.1";
        request.forwarded = behind_proxy;
        request.local = local;
        request.id = "id-7";
        auto answer = Answer{ocilot::test::run(app->handle(request)), {}};
        answer.text = read(answer.response);
        reads = source.reads;
        expect_documented(request, answer);
        // A HEAD tells the length of the body it does not have, all others that of theirs.
        if (method != Method::head && answer.status() != 304) {
            EXPECT_EQ(answer.response.content_length, answer.text.size()) << target;
        }
        return answer;
    }
    Answer get(std::string const& target, Headers headers = {}) {
        return ask(Method::get, target, std::move(headers));
    }

    /// Every answer is one that the route table names, and so the reference.
    static void expect_documented(Request const& request, Answer const& answer) {
        auto const path = raw_path(request.target);
        static auto const table = all_routes();
        auto const route = table.find(path);
        auto const* verb = route ? route->endpoint->find(request.method) : nullptr;
        if (verb == nullptr) return;
        bool documented = std::ranges::any_of(
            verb->successes, [&](auto const& success) { return success.status == answer.status(); });
        for (unsigned i = 0; i <= static_cast<unsigned>(Errc::internal); ++i) {
            auto const code = static_cast<Errc>(i);
            if (!verb->errors.has(code) && !common_errors().has(code)) continue;
            auto const& row = error_row(code);
            if (row.status == answer.status() && answer.says(row.oci_code)) documented = true;
        }
        EXPECT_TRUE(documented) << to_string(request.method) << ' ' << path << ": " << answer.status() << ' '
                                << answer.text;
    }

    static std::string read(Response& response) {
        if (auto* parts = std::get_if<PartsBody>(&response.body)) {
            std::string text;
            for (auto const& part : parts->parts)
                text += part.before + read(*parts->blob, part.offset, part.length);
            EXPECT_EQ(text.size() + parts->after.size(), parts->length);
            return text + parts->after;
        }
        auto* part = std::get_if<BlobBody>(&response.body);
        if (part == nullptr) return body(response);
        return read(*part->blob, part->offset, part->length);
    }
    static std::string read(blob::Blob& blob, std::uint64_t offset, std::uint64_t length) {
        std::string text(static_cast<std::size_t>(length), '\0');
        auto const room = std::as_writable_bytes(std::span(text));
        EXPECT_EQ(ocilot::test::run(blob.read(offset, room)).value(), text.size());
        return text;
    }

    static std::string sha256(std::string_view text) {
        return oci::digest_of(oci::Algorithm::sha256, text).str();
    }
    static std::string sha512(std::string_view text) {
        return oci::digest_of(oci::Algorithm::sha512, text).str();
    }

    /// Pushes a blob in one request and answers its digest.
    std::string push(std::string_view text, std::string const& name = "team/app") {
        auto digest = sha256(text);
        EXPECT_EQ(ask(Method::post, "/v2/" + name + "/blobs/uploads/?digest=" + digest, {}, text).status(),
                  201U);
        return digest;
    }
    /// Opens an upload session and answers the path of its Location.
    std::string start(std::string const& name = "team/app", std::string const& query = "") {
        auto const answer = ask(Method::post, "/v2/" + name + "/blobs/uploads/" + query);
        EXPECT_EQ(answer.status(), 202U);
        return path_of(answer["Location"]);
    }
    static std::string path_of(std::string const& location) {
        constexpr std::string_view origin = "http://r.test";
        EXPECT_TRUE(location.starts_with(origin)) << location;
        return location.substr(origin.size());
    }
    /// An image manifest of one config, made unlike others by `note`.
    static std::string image(std::string const& config, std::string_view note = "",
                             std::string_view more = "") {
        return fmt::format(
            R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":)"
            R"("application/vnd.oci.image.config.v1+json","digest":"{}","size":2}},"layers":[],)"
            R"("annotations":{{"note":"{}"}}{}}})",
            oci_manifest, config, note, more);
    }
    Answer put(std::string const& reference, std::string_view manifest,
               std::string const& name = "team/app") {
        return ask(Method::put, "/v2/" + name + "/manifests/" + reference, {{"Content-Type", oci_manifest}},
                   manifest);
    }
    /// Pushes an image under a tag and answers its bytes.
    std::string push_image(std::string const& tag, std::string_view note = "",
                           std::string const& name = "team/app") {
        auto bytes = image(push("{}", name), note);
        EXPECT_EQ(put(tag, bytes, name).status(), 201U);
        return bytes;
    }
    /// The app again, after a change of settings, rules or gate.
    void rebuild() {
        parts.emplace(registry::Registry{blobs, *meta, *gate, clock, random, sessions, manifests, rules});
        guard.emplace(*gate);
        operations.emplace(*parts, metrics);
        app.emplace(AppParts{.routes = routes,
                             .registry = *parts,
                             .guard = *guard,
                             .operations = *operations,
                             .account_manager = &account_manager,
                             .rates = rates ? &*rates : nullptr},
                    settings);
    }

    static constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
    static constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";

    FixedClock clock;
    SystemRandom random;
    Metrics metrics;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    blob::MemoryStore blobs;
    std::unique_ptr<meta::MetaStore> meta = meta::SqliteStore::open(":memory:", log, metrics).value();
    policy::OpenGate open_gate;
    OneNo strict_gate;
    policy::Gate* gate = &open_gate;
    registry::UploadSessions sessions{{}, clock, random};
    registry::ManifestCache manifests{1 << 20};
    registry::Rules rules;
    AppSettings settings;
    std::optional<registry::Registry> parts;
    std::optional<auth::Guard> guard;
    BlockingPool pool{1};
    auth::AccountManager account_manager{{meta->accounts(), meta->tokens(), pool, clock, random}};
    std::optional<Operations> operations;
    Routes routes = all_routes();
    std::optional<auth::RateLimits> rates;
    std::optional<App> app;

    bool chunked = false;       ///< send bodies without a length
    bool behind_proxy = false;  ///< one that is trusted
    bool local = false;         ///< through the control socket
    int reads = 0;              ///< how often the last request's body was read

    void SetUp() override { rebuild(); }
};

}  // namespace ocilot::http::test
