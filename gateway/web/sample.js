// A short story and a cast to try the page with.

export const STORY = {
  zh: `雨下到第三天，老城最后一家胶片电影院决定关门。放映员老周照旧提前两小时到场，擦净镜头，把今晚唯一一卷片子挂上机器。

八点整，只来了一位观众。她叫林晚，二十九岁，拖着行李箱，鞋上全是泥。她坐在第七排正中，那是她父亲从前的位置。二十年前，父亲就是在这里看完一场电影之后，再也没有回家。

灯灭了。银幕上却不是预告的老片，而是一段没有声音的黑白影像：同一间影厅，同一个第七排，一个男人回过头，望着镜头，把一张票根塞进座椅的缝隙。林晚的手开始发抖。那是父亲。

她在黑暗里摸索座椅，指尖碰到一张发脆的纸。票根背面写着一行字：“放映室，第三个铁盒。”

她冲上窄楼梯。老周站在放映机旁，光柱里全是飞舞的灰尘。他没有惊讶，只是从架子上取下一个锈迹斑斑的铁盒，说：“他让我等到最后一场。”

铁盒里是一卷从未冲洗的底片，和一封信。窗外雨停了，霓虹灯一盏盏熄灭。林晚把底片举向放映机的光，看见了小小的自己，坐在父亲肩头，笑着，伸手去够银幕上的月亮。`,
  en: `On the third day of rain the last film theatre in the old town decides to close. Zhou, the projectionist, comes two hours early as always, wipes the lens and threads tonight's only reel.

At eight sharp a single guest has come. Lin Wan, twenty-nine, with a suitcase and mud on her shoes, takes the middle seat of row seven. It used to be her father's. Twenty years ago he watched a film here and never came home.

The lights go down. What appears is not the old film on the poster but a silent black-and-white shot: the same hall, the same row seven, a man who turns to the camera and slips a ticket stub into the gap of his seat. Lin Wan's hands begin to shake. It is her father.

She feels along the seat in the dark until her fingers find a brittle slip of paper. On its back: "Projection room, third tin."

She runs up the narrow stairs. Zhou stands beside the projector, dust drifting through the beam. He is not surprised. He takes a rusty tin from the shelf and says: "He asked me to wait for the last show."

In the tin lie a roll of film that was never developed, and a letter. Outside the rain has stopped and the neon signs go out one by one. Lin Wan holds the film up to the light and sees herself, very small, on her father's shoulders, laughing, reaching for the moon on the screen.`,
};

export const SCRIPT = {
  zh: { genre: "都市悬疑，亲情", duration: "2分钟", episodes: 3, rows: [["林晚", "女", "29"], ["老周", "男", "63"], ["林致远", "男", "35"]] },
  en: { genre: "Urban mystery, family", duration: "2 minutes", episodes: 3, rows: [["Lin Wan", "female", "29"], ["Zhou", "male", "63"], ["Lin Zhiyuan", "male", "35"]] },
};

export const SCRIPT_GENRES = {
  zh: ["都市悬疑", "古装言情", "玄幻", "重生逆袭", "轻喜剧", "末世", "家庭伦理"],
  en: ["Urban mystery", "Period romance", "Fantasy", "Second chance", "Light comedy", "Apocalypse", "Family drama"],
};

export const DURATIONS = { zh: ["1分钟", "2分钟", "3分钟", "1-3分钟"], en: ["1 minute", "2 minutes", "3 minutes", "1-3 minutes"] };
