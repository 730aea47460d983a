#include "base/logstash_sink.h"

namespace ocilot {

void LogstashSink::write(std::string_view line) {
    static constexpr std::string_view time = R"({"time":)";
    static constexpr std::string_view message = R"(,"msg":)";
    if (!line.starts_with(time)) return next_.write(line);
    line.remove_prefix(time.size());
    std::string out = R"({"@version":"1","type":")" + type_ + R"(","@timestamp":)";
    // Time and level, which stand before the message, have no text of a client in them.
    auto const found = line.find(message);
    if (found != line.npos) {
        out += line.substr(0, found);
        out += R"(,"message":)";
        line.remove_prefix(found + message.size());
    }
    out += line;
    next_.write(out);
}

}  // namespace ocilot
