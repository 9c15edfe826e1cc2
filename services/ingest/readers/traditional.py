"""Reports whose simplified characters some program turned into traditional ones, words included.

Only the characters of the form and of names and prose around it are turned back, one for one, so that every place in
the text stays what it was.
"""

from __future__ import annotations

_PAIRS = (
    "務务開开請请數数據据關关係系為为項项總总計计業业機机構构組组織织類类處处辦办結结轉转續续規规範范許许強强製制廢废現现費费額额單单萬万決决訴诉訟讼復复議议審审後后"
    "經经維维糾纠國国護护權权屬属內内過过執执詢询沒没補补確确認认訪访舉举報报無无當当獲获繳缴納纳區区這这況况動动進进問问題题縣县鄉乡鎮镇廳厅財财環环衛卫農农聯联統统"
    "調调應应險险監监場场鹽盐稅税運运輸输電电視视廣广傳传體体發发黨党團团婦妇兒儿殘残隊队園园灣湾島岛東东長长陽阳陰阴門门鐵铁鋼钢黃黄馬马龍龙鳳凤鳥鸟魚鱼風风雲云葉叶"
    "蘭兰華华蘇苏陝陕寧宁遼辽吳吴趙赵劉刘張张陳陈楊杨鄭郑馮冯錢钱孫孙蕭萧鄧邓賈贾韓韩歲岁億亿條条與与並并個个們们來来時时對对從从將将學学習习實实義义導导領领幹干眾众"
    "頭头難难點点線线網网絡络連连選选適适達达違违還还邊边遠远鄰邻鑒鉴銀银鎖锁錄录鑑鉴資资訊讯書书購购貿贸質质責责貫贯負负貧贫貨货賬账賠赔賣卖贊赞贏赢車车軍军軌轨較较"
    "載载輯辑輔辅輕轻辭辞邁迈郵邮釋释針针銷销鍵键閉闭間间闡阐際际隨随雖虽雙双雜杂離离靈灵靜静響响頁页順顺預预頒颁頻频顯显願愿顧顾飛飞養养餘余驗验驅驱齊齐齡龄產产彙汇"
    "彌弥徑径徵征恆恒愛爱態态慣惯憂忧憑凭懷怀戰战戶户擔担擇择擬拟擴扩擾扰攝摄攜携攤摊敗败斷断舊旧暫暂曆历會会極极榮荣樣样標标樹树橋桥檔档檢检櫃柜欄栏歸归殼壳氣气準准"
    "溝沟滅灭滿满漢汉潔洁濟济濕湿營营爭争爾尔牆墙狀状獎奖獨独畫画異异療疗盡尽盤盘碼码礎础禮礼禦御種种稱称穩稳積积窮穷競竞筆笔節节築筑簡简簽签籌筹糧粮純纯紙纸級级紀纪"
    "約约紅红細细終终絕绝給给綜综綠绿緊紧緒绪編编練练縱纵縮缩績绩繪绘繼继罰罚罷罢聖圣聞闻聲声職职聽听肅肃腦脑腳脚臨临臺台興兴藝艺莊庄蓋盖藥药虛虚號号術术衝冲裝装裡里"
    "複复見见覽览觀观覺觉訂订訓训記记設设評评詞词試试詳详誠诚誤误說说課课論论諮咨講讲謝谢證证識识譯译讀读變变讓让豐丰貢贡貴贵賞赏賴赖贈赠趕赶躍跃踐践轄辖辯辩遞递遲迟"
    "遷迁遺遗醫医採采閱阅隱隐隸隶"
)
_SIMPLIFIED = {ord(_PAIRS[at]): _PAIRS[at + 1] for at in range(0, len(_PAIRS), 2)}
_WORDS = (("資訊", "信息"), ("規範性檔案", "规范性文件"), ("规范性档案", "规范性文件"), ("資料", "数据"))
"""Words that were exchanged with the characters; on both sides equally long."""
_TELLING = frozenset("開請數關處總計辦結報機構類務單項後復議訴訟內過執當無規")
_MOST_TELLING = 40
"""So many of the form's own characters in traditional shape are no quotation."""


def is_traditional(text: str) -> bool:
    """Whether the form's own words are printed in traditional characters."""
    return sum(char in _TELLING for char in text) >= _MOST_TELLING


def simplified(text: str) -> str:
    """`text` in simplified characters, as long as before."""
    for traditional, word in _WORDS:
        text = text.replace(traditional, word)
    return text.translate(_SIMPLIFIED)
