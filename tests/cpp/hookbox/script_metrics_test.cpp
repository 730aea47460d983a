#include "hookbox/script_metrics.h"

#include "hookbox/fixture.h"

using namespace ocilot;

TEST(ScriptMetrics, ShowsCallsByScriptPointAndOutcome) {
    Metrics metrics;
    hookbox::ScriptMetrics scripts(metrics);
    for (int i = 0; i < 2; ++i) scripts.count("a.py", "authorize", "deny", 0.5);
    scripts.count("a.py", "authorize", "pass", 0.25);
    auto const text = metrics.text();
    for (auto const* line : {R"(ocilot_hook_calls_total{script="a.py",point="authorize",outcome="deny"} 2)",
                             R"(ocilot_hook_calls_total{script="a.py",point="authorize",outcome="pass"} 1)",
                             R"(ocilot_hook_call_seconds_sum{script="a.py",point="authorize"} 1.25)"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
    }
}

TEST(ScriptMetrics, KnowsOnlyTheNumbersThatHaveAMeaning) {
    Metrics metrics;
    hookbox::ScriptMetrics scripts(metrics);
    EXPECT_TRUE(scripts.set("generation", "", 3));
    EXPECT_TRUE(scripts.set("stuck", "a.py", 1));
    EXPECT_FALSE(scripts.set("mood", "", 1));
    auto const text = metrics.text();
    EXPECT_NE(text.find("ocilot_hook_generation 3"), std::string::npos);
    EXPECT_NE(text.find(R"(ocilot_hook_threads_stuck{script="a.py"} 1)"), std::string::npos);
}
