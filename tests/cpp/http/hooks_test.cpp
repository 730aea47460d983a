#include "auth_fixture.h"

namespace ocilot::http {
namespace {

/// Answers as whoever runs the hooks would.
class FixedControl final : public policy::HookControl {
  public:
    Task<Result<std::string>> status() override { co_return answer; }
    Task<Result<std::string>> reload() override {
        ++reloads;
        co_return answer;
    }
    Result<std::string> answer = std::string(R"({"ok":true})");
    int reloads = 0;
};

class HooksApi : public test::AuthTest {
  protected:
    Answer boss(Method method, std::string const& target) { return as(basic("boss"), method, target); }
    std::vector<meta::Change> reloads() {
        return ocilot::test::run(meta->journal().entries({.action = "hooks.reload"})).value().items;
    }
    FixedControl control;
};

TEST_F(HooksApi, SendsWhatTheHooksSay) {
    hooks = &control;
    join();
    auto const status = boss(Method::get, "/api/v1/hooks");
    EXPECT_EQ(status.status(), 200U);
    EXPECT_EQ(status.text, R"({"ok":true})");
    EXPECT_EQ(status["Content-Type"], "application/json");
    EXPECT_EQ(control.reloads, 0);
    EXPECT_TRUE(reloads().empty());
}

TEST_F(HooksApi, ReloadsAndNotesWhoDidIt) {
    hooks = &control;
    join();
    EXPECT_EQ(boss(Method::post, "/api/v1/hooks/reload").text, R"({"ok":true})");
    EXPECT_EQ(control.reloads, 1);
    ASSERT_EQ(reloads().size(), 1U);
    EXPECT_EQ(reloads()[0].by.name, "boss");
}

TEST_F(HooksApi, SaysThatAScriptIsToldOfNoEvents) {
    hooks = &control;
    join();
    control.answer = std::string(R"({"scripts":[{"script":"a.py"}]})");
    EXPECT_EQ(boss(Method::get, "/api/v1/hooks").text, R"({"scripts":[{"script":"a.py","events":null}]})");
    for (auto const method : {Method::get, Method::post, Method::del}) {
        EXPECT_EQ(boss(method, "/api/v1/hooks/parked?script=a.py").status(), 404U);
    }
}

TEST_F(HooksApi, SaysThatNobodyRunsHooks) {
    EXPECT_EQ(boss(Method::get, "/api/v1/hooks").status(), 404U);
    EXPECT_EQ(boss(Method::post, "/api/v1/hooks/reload").status(), 404U);
}

TEST_F(HooksApi, SaysThatTheHooksDoNotAnswer) {
    hooks = &control;
    join();
    control.answer = Error{Errc::unavailable, "no hook answered hooks.status in time"};
    EXPECT_EQ(boss(Method::get, "/api/v1/hooks").status(), 503U);
    EXPECT_EQ(boss(Method::post, "/api/v1/hooks/reload").status(), 503U);
    EXPECT_TRUE(reloads().empty());
}

}  // namespace
}  // namespace ocilot::http
