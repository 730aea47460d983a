#include "blob/filesystem/boot_id.h"

#include <fstream>
#include <string>

namespace ocilot::blob {

std::optional<Uuid> boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    if (!std::getline(file, text)) return std::nullopt;
    return Uuid::parse(text);
}

}  // namespace ocilot::blob
