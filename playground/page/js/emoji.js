/** Slack's names of the emoji that teams use most. A name that is not here stays as its :name:. */

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️|rocket 🚀
tada 🎉|red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵
large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨
large_orange_square 🟧|large_blue_square 🟦|white_large_square ⬜|black_large_square ⬛|rotating_light 🚨
hourglass_flowing_sand ⏳|hourglass ⌛|eyes 👀|bell 🔔|no_bell 🔕|zzz 💤|memo 📝|pencil 📝|pencil2 ✏️|clipboard 📋
calendar 📆|date 📅|spiral_calendar_pad 🗓️|clock1 🕐|clock3 🕒|clock4 🕓|clock6 🕕|clock9 🕘|alarm_clock ⏰|stopwatch ⏱️
timer_clock ⏲️|watch ⌚|ship 🚢|package 📦|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|gear ⚙️|construction 🚧
vertical_traffic_light 🚦|traffic_light 🚥|octagonal_sign 🛑|stop_sign 🛑|no_entry ⛔|no_entry_sign 🚫|fire 🔥|boom 💥
bug 🐛|beetle 🐞|ladybug 🐞|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|mag 🔍|mag_right 🔎
lock 🔒|unlock 🔓|key 🔑|closed_lock_with_key 🔐|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|bookmark 🔖|label 🏷️
point_right 👉|point_left 👈|point_up ☝️|point_down 👇|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️
arrows_counterclockwise 🔄|repeat 🔁|leftwards_arrow_with_hook ↩️|rewind ⏪|fast_forward ⏩|arrow_forward ▶️
double_vertical_bar ⏸️|black_square_for_stop ⏹️|next_track ⏭️|back 🔙|soon 🔜|new 🆕|ok 🆗|sos 🆘|up 🆙
information_source ℹ️|question ❓|grey_question ❔|exclamation ❗|heavy_exclamation_mark ❗|bangbang ‼️|interrobang ⁉️
heavy_plus_sign ➕|heavy_minus_sign ➖|heavy_multiplication_x ✖️|100 💯|zap ⚡|sparkles ✨|star ⭐|star2 🌟|trophy 🏆
medal 🏅|checkered_flag 🏁|triangular_flag_on_post 🚩|waving_white_flag 🏳️|seedling 🌱|snowflake ❄️|cloud ☁️|sunny ☀️
rainbow 🌈|umbrella ☂️|ocean 🌊|earth_africa 🌍|earth_americas 🌎|globe_with_meridians 🌐|satellite 🛰️
satellite_antenna 📡|computer 💻|desktop_computer 🖥️|keyboard ⌨️|floppy_disk 💾|cd 💿|file_cabinet 🗄️|card_file_box 🗃️
file_folder 📁|open_file_folder 📂|page_facing_up 📄|scroll 📜|newspaper 📰|books 📚|book 📖|email 📧|envelope ✉️
inbox_tray 📥|outbox_tray 📤|incoming_envelope 📨|speech_balloon 💬|thought_balloon 💭|mega 📣|loudspeaker 📢
telephone_receiver 📞|phone ☎️|iphone 📱|bulb 💡|battery 🔋|electric_plug 🔌|shield 🛡️|crossed_swords ⚔️|test_tube 🧪
microscope 🔬|dna 🧬|pill 💊|syringe 💉|adhesive_bandage 🩹|ambulance 🚑|fire_engine 🚒|police_car 🚓|truck 🚚
airplane ✈️|helicopter 🚁|parachute 🪂|anchor ⚓|compass 🧭|crystal_ball 🔮|game_die 🎲|dart 🎯|jigsaw 🧩|balloon 🎈
gift 🎁|confetti_ball 🎊|clap 👏|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|ok_hand 👌|wave 👋|raised_hands 🙌|pray 🙏
muscle 💪|handshake 🤝|raised_hand ✋|hand ✋|writing_hand ✍️|crossed_fingers 🤞|v ✌️|fist ✊|smile 😄|slightly_smiling_face 🙂
grinning 😀|joy 😂|wink 😉|heart_eyes 😍|thinking_face 🤔|neutral_face 😐|confused 😕|cry 😢|sob 😭|scream 😱|sweat_smile 😅
sunglasses 😎|sleeping 😴|face_with_monocle 🧐|nerd_face 🤓|partying_face 🥳|exploding_head 🤯|robot_face 🤖|ghost 👻|skull 💀
heart ❤️|green_heart 💚|blue_heart 💙|yellow_heart 💛|broken_heart 💔|coffee ☕|beer 🍺|pizza 🍕|cake 🍰|dog 🐶|cat 🐱
turtle 🐢|rabbit 🐰|snail 🐌|unicorn_face 🦄|bird 🐦|hatching_chick 🐣|whale 🐳|octopus 🐙|technologist 🧑‍💻|construction_worker 👷
detective 🕵️|guardsman 💂|bust_in_silhouette 👤|busts_in_silhouette 👥|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣
radio_button 🔘|white_small_square ▫️|black_small_square ▪️|small_blue_diamond 🔹|small_orange_diamond 🔸|small_red_triangle 🔺
small_red_triangle_down 🔻|recycle ♻️|infinity ♾️|copyright ©️|tm ™️|end 🔚|top 🔝|rewind ⏪|broom 🧹|wastebasket 🗑️|mute 🔇`;

/** @type {Map<string, string>} */
const BY_NAME = new Map(TABLE.trim().split(/[|\n]/).map((entry) => {
  const [name, emoji] = entry.split(" ");
  return [name, emoji];
}));

/** The emoji of a name without its colons, or nothing. @param {string} name @returns {string|undefined} */
export function emojiOf(name) {
  return BY_NAME.get(name.replace(/::skin-tone-\d$/, ""));
}

/** Text with the known :names: replaced, for plain text. @param {string} text */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emojiOf(name) ?? whole);
}

/** Names that begin with the letters, then those that contain them. @param {string} letters @param {number} most */
export function emojiLike(letters, most) {
  const names = [...BY_NAME.keys()];
  const begin = names.filter((name) => name.startsWith(letters));
  const contain = names.filter((name) => !name.startsWith(letters) && name.includes(letters));
  return [...begin, ...contain].slice(0, most).map((name) => ({ name, emoji: BY_NAME.get(name) ?? "" }));
}
