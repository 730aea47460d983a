#include "base/json_text.h"

#include <gtest/gtest.h>
#include <limits>

using namespace ocilot;

TEST(JsonText, WritesMembersAndLists) {
    std::string out = "{";
    append_member(out, "name", "a\"b");
    out += ',';
    append_member(out, "size", std::numeric_limits<std::uint64_t>::max());
    out += R"(,"none":)";
    append_list(out, {});
    out += R"(,"some":)";
    append_list(out, {"a", "b/c", "\n"});
    EXPECT_EQ(out + '}', R"({"name":"a\"b","size":18446744073709551615,"none":[],"some":["a","b/c","\n"]})");
}

TEST(JsonText, AnObjectHasItsMembersInOrder) {
    std::string out = "[";
    JsonObject object(out);
    EXPECT_TRUE(object.empty());
    object.add("text", "a literal");
    object.add_if_any("none", "");
    object.add("number", std::uint64_t{7});
    object.add("flag", false);
    object.add("texts", std::vector<std::string>{"a", "b"});
    JsonObject nested(object.value_of("nested"));
    nested.add_if_any("broken", "\xff");
    nested.end();
    EXPECT_FALSE(object.empty());
    object.end();
    EXPECT_EQ(out,
              "[{\"text\":\"a literal\",\"number\":7,\"flag\":false,\"texts\":[\"a\",\"b\"],"
              "\"nested\":{\"broken\":\"\xEF\xBF\xBD\"}}");
}
