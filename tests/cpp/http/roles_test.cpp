#include "auth_fixture.h"

#include <algorithm>
#include <iterator>

namespace ocilot::http {
namespace {

using Roles = std::set<std::string>;

/// Who may use what, over every route there is: a new one fails here until it has a row.
struct RoleRow {
    std::string_view endpoint;
    Method method;
    std::string target;
    Roles allowed;  ///< `*`: everybody
};

Roles const readers{"reader", "writer", "creator", "remover", "bot", "boss"};
Roles const pushers{"writer", "creator", "bot", "boss"};
Roles const removers{"remover", "boss"};
Roles const known{"reader", "writer", "creator", "remover", "nobody", "bot", "planner", "boss"};
Roles const admins{"boss"};
Roles const planners{"planner", "boss"};
Roles const everybody{"*"};

std::string const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
std::string const upload = "/v2/team/app/blobs/uploads/4d8b7fa5-8f2a-4b8e-a5d5-6c3b7d7e1f00";

std::vector<RoleRow> table_of_clients() {
    return {
        {"root", Method::get, "/", everybody},
        {"base", Method::get, "/v2/", known},
        {"catalog", Method::get, "/v2/_catalog", known},
        {"tags", Method::get, "/v2/team/app/tags/list", readers},
        {"manifest", Method::get, "/v2/team/app/manifests/latest", readers},
        {"manifest", Method::put, "/v2/team/app/manifests/latest", pushers},
        {"manifest", Method::del, "/v2/team/app/manifests/latest", removers},
        {"referrers", Method::get, "/v2/team/app/referrers/" + digest, readers},
        {"blob", Method::get, "/v2/team/app/blobs/" + digest, readers},
        {"blob", Method::del, "/v2/team/app/blobs/" + digest, removers},
        {"uploads", Method::post, "/v2/team/app/blobs/uploads/", pushers},
        {"upload", Method::get, upload, pushers},
        {"upload", Method::patch, upload, pushers},
        {"upload", Method::put, upload + "?digest=" + digest, pushers},
        {"upload", Method::del, upload, pushers},
        {"token", Method::get, "/token", everybody},
        {"token", Method::post, "/token", everybody},
        {"token_keys", Method::get, "/token/keys", everybody},
    };
}

std::vector<RoleRow> table_of_administration() {
    return {
        {"access", Method::get, "/api/v1/access", admins},
        {"keys", Method::get, "/api/v1/keys", admins},
        {"keys", Method::post, "/api/v1/keys", admins},
        {"accounts", Method::get, "/api/v1/accounts", admins},
        {"accounts", Method::post, "/api/v1/accounts", admins},
        {"account", Method::get, "/api/v1/accounts/missing", admins},
        {"account", Method::patch, "/api/v1/accounts/missing", admins},
        {"account", Method::del, "/api/v1/accounts/missing", admins},
        {"account_tokens", Method::get, "/api/v1/tokens", admins},
        {"account_tokens", Method::post, "/api/v1/tokens", admins},
        {"account_token", Method::del, "/api/v1/tokens/0123456789abcdef", admins},
        {"audit", Method::get, "/api/v1/audit", admins},
        {"events", Method::get, "/api/v1/events", admins},
        {"hooks", Method::get, "/api/v1/hooks", admins},
        {"hooks_parked", Method::get, "/api/v1/hooks/parked", admins},
        {"hooks_parked", Method::post, "/api/v1/hooks/parked", admins},
        {"hooks_parked", Method::del, "/api/v1/hooks/parked", admins},
        {"hooks_reload", Method::post, "/api/v1/hooks/reload", admins},
        {"jobs", Method::get, "/api/v1/jobs", admins},
        {"job", Method::get, "/api/v1/jobs/missing", admins},
        {"job", Method::post, "/api/v1/jobs/missing", admins},
        {"job", Method::del, "/api/v1/jobs/missing", admins},
        {"open_uploads", Method::get, "/api/v1/uploads", admins},
        {"open_upload", Method::del, "/api/v1/uploads/4d8b7fa5-8f2a-4b8e-a5d5-6c3b7d7e1f00", admins},
        {"gc", Method::get, "/api/v1/gc", admins},
        {"gc_plan", Method::get, "/api/v1/gc/plan", admins},
        {"gc_run", Method::post, "/api/v1/gc/run", admins},
        {"gc_why", Method::get, "/api/v1/gc/why?digest=sha256:" + std::string(64, 'a'), admins},
        {"gc_purge", Method::post, "/api/v1/gc/purge", admins},
        {"usage", Method::get, "/api/v1/usage", admins},
        {"webhooks", Method::get, "/api/v1/webhooks", admins},
        {"webhook", Method::get, "/api/v1/webhooks/a", admins},
        {"webhook_test", Method::post, "/api/v1/webhooks/test/a", admins},
        {"webhook_parked", Method::get, "/api/v1/webhooks/parked/a", admins},
        {"webhook_parked", Method::del, "/api/v1/webhooks/parked/a", admins},
        {"webhook_replay", Method::post, "/api/v1/webhooks/replay/a", admins},
        {"tag_rows", Method::get, "/api/v1/repositories/team/app/tags", admins},
        {"tag_history", Method::get, "/api/v1/repositories/team/app/tags/latest/history", admins},
        {"all_tags", Method::get, "/api/v1/tags", known},
        {"openapi", Method::get, "/api/v1/openapi.json", everybody},
        {"repositories", Method::get, "/api/v1/repositories", admins},
        {"repository", Method::get, "/api/v1/repositories/team/missing", admins},
        {"repository", Method::patch, "/api/v1/repositories/team/missing", admins},
        {"repository", Method::del, "/api/v1/repositories/team/missing", admins},
        {"aliases", Method::get, "/api/v1/aliases", admins},
        {"alias", Method::put, "/api/v1/aliases/team/missing", admins},
        {"alias", Method::del, "/api/v1/aliases/team/missing", admins},
        {"restore", Method::post, "/api/v1/restore", admins},
    };
}

std::vector<RoleRow> table_of_retention() {
    return {
        {"retention", Method::get, "/api/v1/retention", admins},
        {"retention_plan", Method::post, "/api/v1/retention/plan", planners},
        {"retention_matches", Method::post, "/api/v1/retention/matches", planners},
        {"retention_plans", Method::get, "/api/v1/retention/plans", planners},
        {"retention_plan_rows", Method::get, "/api/v1/retention/plans/1", planners},
        {"retention_policies", Method::get, "/api/v1/retention/policies", admins},
        {"retention_policy", Method::get, "/api/v1/retention/policies/p", admins},
        {"retention_policy", Method::put, "/api/v1/retention/policies/p", admins},
        {"retention_policy", Method::del, "/api/v1/retention/policies/p", admins},
        {"retention_apply", Method::post, "/api/v1/retention/apply", admins},
        {"retention_explain", Method::get, "/api/v1/retention/explain?repository=a&tag=b", planners},
    };
}

std::vector<RoleRow> table() {
    auto rows = table_of_clients();
    std::ranges::move(table_of_administration(), std::back_inserter(rows));
    std::ranges::move(table_of_retention(), std::back_inserter(rows));
    return rows;
}

class RoleTable : public test::AuthTest {
  protected:
    /// Whether a role got past the guard.
    bool passes(RoleRow const& row, std::string const& role) {
        std::string credentials;
        if (role == "bot")
            credentials = basic("bot", bot_secret_);
        else if (!role.empty())
            credentials = basic(role);
        auto const answer =
            role.empty() ? ask(row.method, row.target) : as(credentials, row.method, row.target);
        if (!role.empty()) {
            EXPECT_NE(answer.status(), 401U) << row.target << ' ' << role;
        } else if (answer.status() == 401) {
            EXPECT_NE(answer["WWW-Authenticate"], "") << row.target;
        }
        return answer.status() != 401 && answer.status() != 403;
    }
    void SetUp() override {
        retention_readers = auth::Rules::compile({{{"**"}, {{"user:planner", {"admin"}}}}}, {}).value();
        AuthTest::SetUp();
        add_account("planner");
        bot_secret_ = add_secret("bot");
    }

  private:
    std::string bot_secret_;
};

TEST_F(RoleTable, HasARowForEveryRoute) {
    auto const rows = table();
    for (auto const& endpoint : routes.endpoints()) {
        for (auto const& verb : endpoint.verbs) {
            auto const has_row = std::ranges::any_of(rows, [&](RoleRow const& row) {
                return row.endpoint == endpoint.name && row.method == verb.method;
            });
            EXPECT_TRUE(has_row) << endpoint.name << ' ' << to_string(verb.method)
                                 << ": say in this table who may use it";
        }
    }
}

TEST_F(RoleTable, IsWhatHappens) {
    for (auto const& row : table()) {
        auto const route = routes.find(raw_path(row.target));
        ASSERT_TRUE(route) << row.target;
        EXPECT_EQ(route->endpoint->name, row.endpoint);
        for (std::string const role :
             {"", "reader", "writer", "creator", "remover", "nobody", "bot", "planner", "boss"}) {
            bool const allowed = row.allowed.contains("*") || row.allowed.contains(role);
            EXPECT_EQ(passes(row, role), allowed) << to_string(row.method) << ' ' << row.target << " as "
                                                  << (role.empty() ? "nobody at all" : role);
        }
    }
}

/// A plan names tags of all repositories.
TEST_F(RoleTable, CredentialsForSomeRepositoriesMakeNoPlans) {
    auto const of = [&](std::vector<std::string> scopes) {
        auto const secret = add_secret("planner", std::move(scopes));
        return as(basic("planner", secret), Method::post, "/api/v1/retention/plan").status();
    };
    EXPECT_EQ(of({}), 404U) << "there is no retention here";
    EXPECT_EQ(of({"repository:team/**:pull"}), 403U);
    auto const bearer = bearer_for("service=ocilot&scope=repository:team/app:pull", basic("planner"));
    EXPECT_EQ(as(bearer, Method::post, "/api/v1/retention/plan").status(), 403U);
}

}  // namespace
}  // namespace ocilot::http
