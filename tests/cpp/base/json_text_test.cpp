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
    object.add("text", "a literal");
    object.add_if_any("none", "");
    object.add("a \"number\"", std::uint64_t{7});
    object.add("flag", false);
    object.add("texts", std::vector<std::string>{"a", "b"});
    JsonObject nested(object.value_of("nested"));
    nested.add_if_any("broken", "\xff");
    nested.end();
    object.end();
    EXPECT_EQ(out,
              "[{\"text\":\"a literal\",\"a \\\"number\\\"\":7,\"flag\":false,\"texts\":[\"a\",\"b\"],"
              "\"nested\":{\"broken\":\"\xEF\xBF\xBD\"}}");
}

TEST(JsonText, EachByteThatIsNotPlainIsFoundWhereverItIs) {
    for (int byte = 0; byte < 256; ++byte) {
        bool const plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        for (std::size_t length = 1; length < 20; ++length) {
            for (std::size_t at = 0; at < length; ++at) {
                // What follows must not hide it, nor what comes before.
                for (char const other : {'~', ' ', '!', '#', '[', ']'}) {
                    std::string text(length, other);
                    text[at] = static_cast<char>(byte);
                    ASSERT_EQ(plain_in_json(text), plain ? length : at) << byte << " of " << length;
                }
            }
        }
    }
    EXPECT_EQ(plain_in_json(""), 0U);
}
