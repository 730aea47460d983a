#include "meta/annotations_json.h"

#include <gtest/gtest.h>

using namespace ocilot;

TEST(AnnotationsJson, WhatIsStoredIsKnownAgain) {
    for (auto const& annotations :
         {oci::Annotations{}, oci::Annotations{{"a", "b"}}, oci::Annotations{{"", ""}, {"k", "v"}},
          oci::Annotations{{"quote\"", "back\\slash"}, {"\xc3\xa4", "\xe2\x82\xac\xf0\x9f\x90\xb3"}},
          oci::Annotations{{"controls", std::string("\0\x1f\b\f\n\r\t\x7f", 8)}}}) {
        auto const text = meta::annotations_to_json(annotations);
        ASSERT_TRUE(text.has_value());
        EXPECT_TRUE(meta::is_annotations_json(*text)) << *text;
    }
    EXPECT_TRUE(meta::is_annotations_json(" { \"a\" : \"b\\u00e4\\/\" ,\n\"c\":\"\" } "));
    EXPECT_TRUE(meta::annotations_to_json({{"a", "\xff"}}).has_error());
}

TEST(AnnotationsJson, WhatIsDamagedIsNotTakenForAnObjectOfStrings) {
    for (auto const* text : {"",
                             "{",
                             "}",
                             "[]",
                             "null",
                             "{}}",
                             "{} {}",
                             R"({"a"})",
                             R"({"a":})",
                             R"({"a":1})",
                             R"({"a":"b",})",
                             R"({,"a":"b"})",
                             R"({"a":"b" "c":"d"})",
                             R"({"a":{}})",
                             R"({"a":["b"]})",
                             R"({"a":null})",
                             R"({"a":"b)",
                             R"({"a":"b\)",
                             R"({"a":"\x"})",
                             R"({"a":"\u12"})",
                             R"({"a":"\u12g4"})",
                             R"({a:"b"})",
                             "{\"a\":\"\n\"}",
                             "{\"a\":\"\xff\"}",
                             "{\"a\":\"\xc3\"}",
                             "{\"a\":\"\xed\xa0\x80\"}"}) {
        EXPECT_FALSE(meta::is_annotations_json(text)) << text;
    }
}
