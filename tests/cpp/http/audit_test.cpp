#include "auth_fixture.h"

namespace ocilot::http {
namespace {

/// A hook that knows one person: whoever has the password "of the hook" is `says`.
class Directory final : public policy::OpenGate {
  public:
    std::string says = "carol";
    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return point == policy::Point::authenticate;
    }
    Task<Result<std::optional<policy::Login>>> authenticate(policy::Credentials credentials) override {
        if (credentials.password != "of the hook") co_return std::optional<policy::Login>{};
        policy::Caller caller;
        caller.name = says;
        caller.kind = policy::CallerKind::user;
        co_return std::optional<policy::Login>(std::move(caller));
    }
};

class Audit : public test::AuthTest {
  protected:
    /// What was refused since the last question: action, caller, repository, subject.
    std::vector<std::string> refused() {
        EXPECT_TRUE(ocilot::test::run(refusals->flush()).has_value());
        std::vector<std::string> found;
        for (auto const& entry :
             ocilot::test::run(meta->journal().entries({.refused = true})).value().items) {
            if (entry.id <= last) continue;
            found.push_back(std::string(to_string(entry.kind)) + "|" + entry.by.kind + " " + entry.by.name +
                            "|" + entry.repository + "|" + entry.name);
            newest = std::max(newest, entry.id);
        }
        last = newest;
        return found;
    }
    std::int64_t last = 0;
    std::int64_t newest = 0;
};

using Lines = std::vector<std::string>;

TEST_F(Audit, HasWhoeverShowedWhatIsGoodForNothing) {
    EXPECT_EQ(as("Bearer a.b.c", Method::get, "/v2/").status(), 401U);
    EXPECT_EQ(refused(), Lines{"login|anonymous ||"});
    EXPECT_EQ(as("Negotiate x", Method::get, "/v2/").status(), 401U);
    EXPECT_EQ(refused(), Lines{"login|anonymous ||"});
    EXPECT_EQ(as(basic("reader", "wrong"), Method::get, "/token").status(), 401U);
    EXPECT_EQ(refused(), Lines{"login|user reader||"});
    EXPECT_EQ(post_form("grant_type=refresh_token&refresh_token=" + auth::make_secret(random).text).status(),
              401U);
    EXPECT_EQ(refused(), Lines{"login|anonymous ||"});
    EXPECT_EQ(as("Bearer x", Method::get, "/token").status(), 401U);
    EXPECT_EQ(refused(), Lines{"login|anonymous ||"});
}

TEST_F(Audit, HasWhoeverMayNot) {
    EXPECT_EQ(as(basic("reader"), Method::get, "/v2/secret/tags/list").status(), 403U);
    EXPECT_EQ(refused(), Lines{"access|user reader|secret|pull"});
    auto const token = bearer_for("scope=repository:team/app:pull", basic("writer"));
    EXPECT_EQ(as(token, Method::post, "/v2/team/app/blobs/uploads/").status(), 401U);
    EXPECT_EQ(refused(), Lines{"access|user writer|team/app|create"});
    EXPECT_EQ(as(token, Method::get, "/v2/_catalog").status(), 401U);
    EXPECT_EQ(refused(), Lines{"access|user writer||catalog"});
    auto const anonymous = bearer_for("scope=repository:team/app:pull");
    EXPECT_EQ(as(anonymous, Method::get, "/v2/team/app/tags/list").status(), 401U);
    EXPECT_EQ(refused(), Lines{"access|anonymous |team/app|pull"});
    EXPECT_EQ(get("/v2/").status(), 401U);
    EXPECT_EQ(get("/v2/team/app/tags/list").status(), 401U);
    EXPECT_EQ(refused(), Lines{}) << "whoever shows nothing is asked who he is";
}

TEST_F(Audit, HasGuessesThatHaveToWait) {
    for (int i = 0; i < 12; ++i) as(basic("reader", "guess" + std::to_string(i)), Method::get, "/token");
    auto const lines = refused();
    EXPECT_EQ(lines.size(), 2U) << "wrong ones, and those that had to wait";
}

TEST_F(Audit, HasWhoMovesATagThatHeMayOnlyMake) {
    std::string const one =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
    auto const two = one + " ";
    auto const push = [&](std::string const& content) {
        return as(basic("creator"), Method::put, "/v2/team/app/manifests/v1", content).status();
    };
    EXPECT_EQ(push(one), 201U);
    EXPECT_EQ(push(two), 403U);
    EXPECT_EQ(refused(), Lines{"admit|user creator|team/app|v1"});
}

TEST_F(Audit, HasNobodyWhoLooksForAnyRepositoryToMountFrom) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, "layer").str();
    EXPECT_EQ(
        as(basic("writer"), Method::post, "/v2/team/app/blobs/uploads/?digest=" + digest, "layer").status(),
        201U);
    auto const mount = "/v2/public/app/blobs/uploads/?mount=" + digest;
    checking->set_rules(std::make_shared<auth::Rules const>(
        auth::Rules::compile({{{"public/**"}, {{"user:writer", {"push"}}}}}, {}).value()));
    EXPECT_EQ(as(basic("writer"), Method::post, mount).status(), 202U);
    EXPECT_EQ(refused(), Lines{}) << "he named none";
    EXPECT_EQ(as(basic("writer"), Method::post, mount + "&from=team/app").status(), 202U);
    EXPECT_EQ(refused(), Lines{"access|user writer|team/app|pull"});
}

TEST_F(Audit, HasRefreshTokensAndBlobs) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, "layer").str();
    token_for("offline_token=true", basic("writer"));
    EXPECT_EQ(
        as(basic("writer"), Method::post, "/v2/team/app/blobs/uploads/?digest=" + digest, "layer").status(),
        201U);
    auto const entries = ocilot::test::run(meta->journal().entries({.by = "writer"})).value().items;
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].kind, meta::ChangeKind::blob_push);
    EXPECT_EQ(entries[1].kind, meta::ChangeKind::token_add);
    EXPECT_EQ(entries[0].digest, digest);
    EXPECT_EQ(entries[0].size, 5U);
    for (auto const& entry : entries) EXPECT_EQ(entry.by.request, "id-7") << "as the access log has it";
}

TEST_F(Audit, NamesTheGroupsOfTheCallerAndTheTokenThatWasShown) {
    add({.name = "root", .password_hash = hash("root"), .admin = true});
    add({.name = "builder", .robot = true, .groups = {"ci", "dev"}});
    checking->set_rules(std::make_shared<auth::Rules const>(
        auth::Rules::compile({{{"team/**"}, {{"group:ci", {"push"}}, {"user:writer", {"push"}}}}}, {})
            .value()));
    auto const push = [&](std::string const& authorization, std::string const& content) {
        auto const digest = oci::digest_of(oci::Algorithm::sha256, content).str();
        auto const target = "/v2/team/app/blobs/uploads/?digest=" + digest;
        EXPECT_EQ(as(authorization, Method::post, target, content).status(), 201U);
    };
    constexpr auto scope = "scope=repository:team/app:push";
    auto const secret = add_secret("builder");
    push(basic("builder", secret), "one");
    auto const bearer = bearer_for(scope, basic("builder", secret));
    push(bearer, "two");
    push(bearer, "three");
    nlohmann::json const robot{{"name", "builder"},
                               {"kind", "robot"},
                               {"address", "192.0.2.1"},
                               {"groups", {"ci", "dev"}},
                               {"token_id", *auth::secret_id(secret)}};
    auto const entries_of = [&](std::string const& name) {
        auto const answer = as(basic("root"), Method::get, "/api/v1/audit?action=blob.push&by=" + name);
        return nlohmann::json::parse(answer.text).at("entries");
    };
    auto const pushed = entries_of("builder");
    ASSERT_EQ(pushed.size(), 3U);
    for (auto const& entry : pushed) EXPECT_EQ(entry.at("by"), robot);
    push(bearer_for(std::string(scope) + "&offline_token=true", basic("writer")), "four");
    auto const by = entries_of("writer").at(0).at("by");
    EXPECT_FALSE(by.contains("token_id")) << "the refresh token of a login is no access token";
    EXPECT_FALSE(by.contains("groups"));
}

TEST_F(Audit, TellsAMoveInWordsAndAsData) {
    add({.name = "root", .password_hash = hash("root"), .admin = true});
    auto const push = [&](std::string const& content) {
        EXPECT_EQ(as(basic("writer"), Method::put, "/v2/team/app/manifests/v1", content).status(), 201U);
        return oci::digest_of(oci::Algorithm::sha256, content).str();
    };
    std::string const index =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
    auto const one = push(index);
    auto const two = push(index + " ");
    auto const answer = as(basic("root"), Method::get, "/api/v1/audit?repository=team/app&n=2");
    ASSERT_EQ(answer.status(), 200U) << answer.text;
    auto const entries = nlohmann::json::parse(answer.text).at("entries");
    auto const& moved = entries.at(0);
    EXPECT_EQ(moved.at("action"), "tag.move");
    EXPECT_EQ(moved.at("subject"), "v1");
    EXPECT_EQ(moved.at("detail"), "from " + one + " to " + two);
    EXPECT_EQ(moved.at("digest"), two);
    EXPECT_EQ(moved.at("from"), one);
    EXPECT_EQ(moved.at("to"), two);
    EXPECT_EQ(moved.at("request"), (nlohmann::json{{"id", "id-7"},
                                                   {"method", "PUT"},
                                                   {"scheme", "http"},
                                                   {"host", "r.test"},
                                                   {"path", "/v2/team/app/manifests/v1"}}));
    nlohmann::json const tags{{{"name", "v1"}, {"previous", one}}};
    EXPECT_EQ(moved.at("tags"), tags);
    EXPECT_EQ(moved.at("tags_total"), 1);
    auto const& pushed = entries.at(1);
    EXPECT_EQ(pushed.at("action"), "manifest.push");
    EXPECT_EQ(pushed.at("subject"), two);
    EXPECT_EQ(pushed.at("detail"), "tags v1");
    EXPECT_EQ(pushed.at("media_type"), "application/vnd.oci.image.index.v1+json");
    EXPECT_EQ(pushed.at("size"), index.size() + 1);
    EXPECT_FALSE(pushed.contains("mounted_from"));
}

TEST_F(Audit, HasADirectoryThatTakesSomebodyForAnAccount) {
    Directory directory;
    gate = &directory;
    join();
    auto const login = [&] {
        return as(basic("carol-of-ldap", "of the hook"), Method::get, "/v2/").status();
    };
    EXPECT_EQ(login(), 200U);
    directory.says = "boss";
    time.time += std::chrono::minutes(2);
    EXPECT_EQ(login(), 401U) << "an account has its own password";
    EXPECT_EQ(refused(), Lines{"login|user carol-of-ldap||"});
}

}  // namespace
}  // namespace ocilot::http
