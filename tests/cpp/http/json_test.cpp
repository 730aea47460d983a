#include "http/core/json.h"

#include <gtest/gtest.h>
#include <limits>

using namespace ocilot::http;

TEST(Json, WritesMembersAndLists) {
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
