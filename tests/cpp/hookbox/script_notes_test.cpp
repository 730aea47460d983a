#include "hookbox/script_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::hookbox;
using testing::HasSubstr;

namespace {

class ScriptNotesTest : public testing::Test {
  protected:
    Metrics metrics;
    MemorySink sink;
    SystemClock clock;
    Log log{sink, clock, LogFormat::text, LogLevel::info};
    ScriptNotes notes{metrics, log};
};

}  // namespace

TEST_F(ScriptNotesTest, CountsCallsByScriptPointAndOutcome) {
    // The words need not outlive the call.
    for (int i = 0; i < 2; ++i) notes.count(std::string("a.py"), std::string("admit_tag"), "deny", 0.5);
    notes.count("a.py", "admit_tag", "pass", 0.5);
    auto const text = metrics.text();
    EXPECT_THAT(text,
                HasSubstr(R"(ocilot_hook_calls_total{script="a.py",point="admit_tag",outcome="deny"} 2)"));
    EXPECT_THAT(text,
                HasSubstr(R"(ocilot_hook_calls_total{script="a.py",point="admit_tag",outcome="pass"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(ocilot_hook_call_seconds_count{script="a.py",point="admit_tag"} 3)"));
}

TEST_F(ScriptNotesTest, ShowsWhatIsInForceAndWhatDoesNotComeBack) {
    notes.set_stuck("a.py", 3);
    notes.set_generation(2, true);
    auto const text = metrics.text();
    EXPECT_THAT(text, HasSubstr(R"(ocilot_hook_stuck{script="a.py"} 3)"));
    EXPECT_THAT(text, HasSubstr("ocilot_hook_generation 2"));
    EXPECT_THAT(text, HasSubstr("ocilot_hook_reload_failed 1"));
}

TEST_F(ScriptNotesTest, WritesToTheLogOfTheRegistry) {
    notes.write(LogLevel::warn, "it does not end", "a.py");
    notes.write(LogLevel::debug, "too little", "");
    EXPECT_THAT(sink.text(), HasSubstr("it does not end"));
    EXPECT_THAT(sink.text(), HasSubstr("script=a.py"));
    EXPECT_THAT(sink.text(), testing::Not(HasSubstr("too little")));
}
